;; The generator of pcg64.ts, in WebAssembly because that multiplies integers of 64 bits: several times as fast as with
;; JavaScript's 32. Assembled into pcg64-wasm.ts by `npm run build && node dist/scripts/assemble-pcg64.js`.
;;
;; The multiplier of a step is 0x2360ed051fc65da4_4385df649fccf645; 128-bit numbers are two i64, `low` and `high`.
(module
  ;; Bytes 0 to 15 hold the state, 16 to 31 the increment; outputs go to byte 32 and on.
  (memory (export "memory") 1)

  ;; Writes the next `count` outputs, at least 1, and leaves the state that follows.
  (func (export "fill") (param $count i32)
    (local $low i64)
    (local $high i64)
    (local $out i32)
    ;; The halves of `low`, each in 64 bits; their products, whose sum carries into `high`; and the low product.
    (local $lower i64)
    (local $upper i64)
    (local $cross i64)
    (local $product i64)
    (local.set $low (i64.load (i32.const 0)))
    (local.set $high (i64.load (i32.const 8)))
    (local.set $out (i32.const 32))
    (loop $next
      ;; XSL RR: the halves of the state are folded together and rotated by its top six bits. NumPy advances before each
      ;; output, we after it, so that the state here is a step ahead of NumPy's.
      (i64.store (local.get $out)
        (i64.rotr
          (i64.xor (local.get $high) (local.get $low))
          (i64.shr_u (local.get $high) (i64.const 58))))

      ;; state = state * multiplier + increment, modulo 2^128.
      (local.set $lower (i64.and (local.get $low) (i64.const 0xffffffff)))
      (local.set $upper (i64.shr_u (local.get $low) (i64.const 32)))
      (local.set $cross
        (i64.add
          (i64.mul (local.get $upper) (i64.const 0x9fccf645))
          (i64.shr_u (i64.mul (local.get $lower) (i64.const 0x9fccf645)) (i64.const 32))))
      (local.set $product (i64.mul (local.get $low) (i64.const 0x4385df649fccf645)))
      (local.set $high
        (i64.add
          (i64.mul (local.get $high) (i64.const 0x4385df649fccf645))
          (i64.add
            (i64.add
              (i64.mul (local.get $low) (i64.const 0x2360ed051fc65da4))
              (i64.load (i32.const 24)))
            ;; What the low product is above 64 bits.
            (i64.add
              (i64.add
                (i64.mul (local.get $upper) (i64.const 0x4385df64))
                (i64.shr_u (local.get $cross) (i64.const 32)))
              (i64.shr_u
                (i64.add
                  (i64.mul (local.get $lower) (i64.const 0x4385df64))
                  (i64.and (local.get $cross) (i64.const 0xffffffff)))
                (i64.const 32))))))
      (local.set $low (i64.add (local.get $product) (i64.load (i32.const 16))))
      ;; The carry of that sum.
      (local.set $high
        (i64.add
          (local.get $high)
          (i64.extend_i32_u (i64.lt_u (local.get $low) (local.get $product)))))

      (local.set $out (i32.add (local.get $out) (i32.const 8)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (i64.store (i32.const 0) (local.get $low))
    (i64.store (i32.const 8) (local.get $high))))
