//! A farstep client, shown at the task of ../../README.md: cargo run -- URL ENV NUM_ENVS SEED AUTORESET STEPS WAY
use rmpv::{Value, decode::read_value, encode::write_value};
use std::{collections::HashMap, net::TcpStream};
use tungstenite::protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode};
use tungstenite::{Message, WebSocket, client::connect_with_config, stream::MaybeTlsStream};

/// The code with which the server refused something, and whether the session goes on.
struct Error(String, bool);

/// An integer or float, however the sender wrote it.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// One session. Replies are matched by id: those that nobody waits for yet are kept.
struct Client {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    welcome: Value,
    last_id: u64,
    arrived: HashMap<u64, Value>,
}

impl Client {
    /// Connects, says hello and is welcomed.
    fn dial(url: &str) -> Result<Client, Error> {
        // Replies may be as large as the observations of all envs.
        let config = Some(WebSocketConfig::default().max_message_size(None).max_frame_size(None));
        let (socket, _) = connect_with_config(url, config, 0).map_err(|_| Error("connection_failed".into(), false))?;
        let mut client = Client { socket, welcome: Value::Nil, last_id: 0, arrived: HashMap::new() };
        let editions = Value::Array(vec![1.into()]);
        client.send(map(vec![("type", "hello".into()), ("protocol", 1.into()), ("editions", editions)]));
        client.welcome = client.read()?.1;
        Ok(client)
    }

    /// Sends a control message and waits for its reply.
    fn request(&mut self, kind: &str, mut fields: Vec<(&str, Value)>) -> Result<Value, Error> {
        self.last_id += 1;
        fields.extend([("type", kind.into()), ("id", self.last_id.into())]);
        self.send(map(fields));
        self.wait(self.last_id)
    }

    /// Sends a step of the envs `ids`, with a slab for each leaf of their actions. Its id is for `wait`.
    fn send_step(&mut self, env: &Value, actions: Vec<Value>, ids: &[u32]) -> u64 {
        self.last_id += 1;
        let ids = Value::Binary(ids.iter().flat_map(|i| i.to_le_bytes()).collect());
        self.send(Value::Array(vec![1.into(), self.last_id.into(), env.clone(), Value::Array(actions), ids]));
        self.last_id
    }

    /// The reply to a request: a map, or the array that answers a step.
    fn wait(&mut self, id: u64) -> Result<Value, Error> {
        while !self.arrived.contains_key(&id) {
            let (id, reply) = self.read()?;
            self.arrived.insert(id, reply);
        }
        let reply = self.arrived.remove(&id).unwrap();
        if reply["type"] != "error".into() {
            return Ok(reply);
        }
        Err(Error(reply["code"].as_str().unwrap_or_default().into(), reply["recoverable"] == true.into()))
    }

    /// Sends a message. One that fails leaves nothing to read: the next read tells.
    fn send(&mut self, message: Value) {
        let mut frame = Vec::new();
        write_value(&mut frame, &message).expect("a vector takes every byte");
        let _ = self.socket.send(Message::binary(frame));
    }

    /// The next message, and the id that it names. An error that is about no request ends the session.
    fn read(&mut self) -> Result<(u64, Value), Error> {
        loop {
            let message = self.socket.read().map_err(|_| Error("connection_lost".into(), false))?;
            let Message::Binary(frame) = message else { continue }; // pings are answered by the library
            let message = read_value(&mut frame.as_ref()).map_err(|_| Error("bad_reply".into(), false))?;
            let id = if message.is_array() { &message[1] } else { &message["id"] };
            if id.is_nil() && message["type"] == "error".into() {
                return Err(Error(message["code"].as_str().unwrap_or_default().into(), false));
            }
            return Ok((number(id) as u64, message)); // a welcome has none: NaN is 0
        }
    }
}

fn map(fields: Vec<(&str, Value)>) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

/// Evaluates an expression for the type of a dtype.
#[rustfmt::skip]
macro_rules! with_type {
    ($dtype:expr, $t:ident => $value:expr) => {
        match $dtype {
            "bool" | "uint8" => { type $t = u8; $value }   "int8" => { type $t = i8; $value }
            "uint16" => { type $t = u16; $value }          "int16" => { type $t = i16; $value }
            "uint32" => { type $t = u32; $value }          "int32" => { type $t = i32; $value }
            "uint64" => { type $t = u64; $value }          "int64" => { type $t = i64; $value }
            "float32" => { type $t = f32; $value }         _ => { type $t = f64; $value }
        }
    };
}

/// The elements of a slab: little-endian, without padding.
fn numbers(dtype: &str, slab: &Value) -> Vec<f64> {
    let slab = slab.as_slice().unwrap_or_default();
    with_type!(dtype, T => slab.chunks_exact(size_of::<T>()).map(|x| T::from_le_bytes(x.try_into().unwrap()) as f64).collect())
}

/// A slab of these elements.
fn slab(dtype: &str, numbers: impl Iterator<Item = f64>) -> Value {
    Value::Binary(with_type!(dtype, T => numbers.flat_map(|x| (x as T).to_le_bytes()).collect()))
}

/// What the kit wants to know.
#[derive(Default)]
struct Told {
    rewards: Vec<f64>,
    returns: Vec<f64>,
    observed: f64,
    last: f64,
    errors: Vec<String>,
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The sum of all elements of observations; nil has none.
fn sum(contract: &Value, slabs: &Value) -> f64 {
    let leaves = list(&contract["observationLeaves"]);
    list(slabs).iter().zip(leaves).flat_map(|(slab, leaf)| numbers(leaf["dtype"].as_str().unwrap(), slab)).sum()
}

/// (t + i) mod 2 in every element of every leaf of the action of env i.
fn actions(contract: &Value, t: usize, ids: &[u32]) -> Vec<Value> {
    let leaf = |leaf: &Value| {
        let size = list(&leaf["shape"]).iter().map(number).product::<f64>() as usize;
        let action = |i: &u32| std::iter::repeat_n(((t + *i as usize) % 2) as f64, size);
        slab(leaf["dtype"].as_str().unwrap(), ids.iter().flat_map(action))
    };
    list(&contract["actionLeaves"]).iter().map(leaf).collect()
}

fn play(args: &[String], told: &mut Told) -> Result<(), Error> {
    let (num_envs, seed): (u32, u64) = (args[3].parse().unwrap(), args[4].parse().unwrap());
    let mut client = Client::dial(&args[1])?;
    let mut fields = vec![("env", args[2].as_str().into()), ("numEnvs", num_envs.into())];
    fields.extend([("seed", seed.into()), ("autoreset", args[5].as_str().into())]);
    let made = client.request("make", fields)?;
    let (env, contract) = (&made["env"], &made["contract"]);
    told.rewards = vec![0.0; num_envs as usize];
    told.observed += sum(contract, &client.request("reset", vec![("env", env.clone())])?["observations"]);
    let count = if args[7] == "halves" { 2 } else { 1 };
    let parts: Vec<Vec<u32>> = (0..count).map(|i| (i..num_envs).step_by(count as usize).collect()).collect();
    let window = (number(&client.welcome["limits"]["requestsInFlight"]) as usize).min(parts.len());
    let mut over: Vec<Value> = vec![];
    for t in 0..args[6].parse().unwrap() {
        if args[5] == "disabled" && !over.is_empty() {
            let reset = client.request("reset", vec![("env", env.clone()), ("ids", Value::Array(over))])?;
            told.observed += sum(contract, &reset["observations"]);
        }
        over = vec![];
        for group in parts.chunks(window) {
            let sent: Vec<_> = group.iter().map(|ids| client.send_step(env, actions(contract, t, ids), ids)).collect();
            for (id, ids) in sent.into_iter().zip(group) {
                let stepped = match client.wait(id) {
                    Err(Error(code, true)) => {
                        told.errors.push(code);
                        continue;
                    }
                    reply => reply?,
                };
                told.observed += sum(contract, &stepped[3]);
                for (i, reward) in ids.iter().zip(numbers("float64", &stepped[4])) {
                    told.rewards[*i as usize] += reward;
                }
                over.extend(numbers("uint32", &stepped[8][0]).iter().map(|row| ids[*row as usize].into()));
                told.returns.extend(numbers("float64", &stepped[8][1]));
                told.last += sum(contract, &stepped[8][4]);
            }
        }
    }
    let _ = client.socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() }));
    while client.socket.read().is_ok() {}
    Ok(())
}

fn main() {
    let mut told = Told::default();
    if let Err(error) = play(&std::env::args().collect::<Vec<_>>(), &mut told) {
        told.errors.push(error.0);
    }
    let Told { rewards, returns, observed, last, errors } = told;
    println!(
        r#"{{"rewards":{rewards:?},"returns":{returns:?},"observed":{observed},"final":{last},"errors":{errors:?}}}"#
    );
}
