// A farstep client in one file, shown at the task of ../../README.md: go run . URL ENV NUM_ENVS SEED AUTORESET STEPS WAY
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/coder/websocket"
	"github.com/vmihailenco/msgpack/v5"
)

type fields = map[string]any

// Error says why the server refused something. Where it ends the session, or the connection does, it is a panic.
type Error struct{ Code, Message string }

// Client is one session. Replies are matched by id: those that nobody waits for yet are kept.
type Client struct {
	Limits  fields
	socket  *websocket.Conn
	lastID  int
	arrived map[int]any
}

// Dial connects, says hello and is welcomed.
func Dial(url string) *Client {
	socket, _, err := websocket.Dial(context.Background(), url, nil)
	if err != nil {
		panic(&Error{"connection_failed", err.Error()})
	}
	socket.SetReadLimit(-1) // replies may be as large as the observations of all envs
	c := &Client{socket: socket, arrived: map[int]any{}}
	c.send(fields{"type": "hello", "protocol": 1, "editions": []int{1}, "client": "farstep-go"})
	_, welcome := c.read()
	c.Limits = welcome.(fields)["limits"].(fields)
	return c
}

// Wait gives the reply to a request: a map, or the array that answers a step.
func (c *Client) Wait(id int) (any, *Error) {
	for c.arrived[id] == nil {
		key, message := c.read()
		c.arrived[key] = message
	}
	defer delete(c.arrived, id)
	refused, _ := c.arrived[id].(*Error)
	return c.arrived[id], refused
}

// Request sends a control message and waits for its reply, which has to come.
func (c *Client) Request(message fields) fields {
	c.lastID++
	message["id"] = c.lastID
	c.send(message)
	reply, refused := c.Wait(c.lastID)
	if refused != nil {
		panic(refused)
	}
	return reply.(fields)
}

// SendStep sends a step of the envs ids, with a slab for each leaf of their actions. Its id is for Wait.
func (c *Client) SendStep(env any, actions [][]byte, ids []uint32) int {
	slab, _ := binary.Append(nil, binary.LittleEndian, ids)
	c.lastID++
	c.send([]any{1, c.lastID, env, actions, slab})
	return c.lastID
}

// send sends a message. One that fails leaves nothing to read: the next read tells.
func (c *Client) send(message any) {
	frame, _ := msgpack.Marshal(message)
	_ = c.socket.Write(context.Background(), websocket.MessageBinary, frame)
}

// read gives the next message, and the id that it names.
func (c *Client) read() (id int, message any) {
	_, frame, err := c.socket.Read(context.Background())
	if err != nil {
		panic(&Error{"connection_lost", err.Error()})
	}
	if err = msgpack.Unmarshal(frame, &message); err != nil {
		panic(&Error{"bad_reply", err.Error()})
	}
	if stepped, ok := message.([]any); ok {
		return int(number(stepped[1])), stepped
	}
	m := message.(fields)
	if m["type"] == "error" {
		message = &Error{fmt.Sprint(m["code"]), fmt.Sprint(m["message"])}
		if m["id"] == nil || m["recoverable"] != true {
			panic(message)
		}
	}
	return int(number(m["id"])), message
}

// number is an integer or float, however the sender wrote it.
func number(x any) (n float64) {
	_, _ = fmt.Sscan(fmt.Sprint(x), &n)
	return n
}

var kinds = map[any]any{"bool": uint8(0), "int8": int8(0), "uint8": uint8(0), "int16": int16(0), "uint16": uint16(0),
	"int32": int32(0), "uint32": uint32(0), "int64": int64(0), "uint64": uint64(0), "float32": float32(0), "float64": 0.0}

// numbers gives the elements of a slab of some dtype: little-endian, without padding.
func numbers(dtype, slab any) (values []float64) {
	x := reflect.New(reflect.TypeOf(kinds[dtype]))
	for rest := slab.([]byte); len(rest) > 0; rest = rest[x.Elem().Type().Size():] {
		_, _ = binary.Decode(rest, binary.LittleEndian, x.Interface())
		values = append(values, x.Elem().Convert(reflect.TypeFor[float64]()).Float())
	}
	return values
}

func main() {
	numEnvs, seed, autoreset, steps := int(number(os.Args[3])), number(os.Args[4]), os.Args[5], int(number(os.Args[6]))
	rewards, returns, errors, over := make([]float64, numEnvs), []float64{}, []string{}, []uint32{}
	observed, final := 0.0, 0.0
	defer func() {
		why := recover()
		if refused, ok := why.(*Error); ok {
			errors = append(errors, refused.Code)
		} else if why != nil {
			panic(why)
		}
		told := fields{"rewards": rewards, "returns": returns, "observed": observed, "final": final, "errors": errors}
		_ = json.NewEncoder(os.Stdout).Encode(told)
	}()
	client := Dial(os.Args[1])
	defer client.socket.Close(websocket.StatusNormalClosure, "")
	made := client.Request(fields{"type": "make", "env": os.Args[2], "numEnvs": numEnvs, "seed": seed, "autoreset": autoreset})
	contract := made["contract"].(fields)
	sum := func(slabs any) (total float64) { // of all elements of observations; slabs may be nil
		list, _ := slabs.([]any)
		for k, slab := range list {
			for _, x := range numbers(contract["observationLeaves"].([]any)[k].(fields)["dtype"], slab) {
				total += x
			}
		}
		return total
	}
	observed += sum(client.Request(fields{"type": "reset", "env": made["env"]})["observations"])
	parts := make([][]uint32, map[string]int{"whole": 1, "halves": 2}[os.Args[7]])
	for i := range numEnvs {
		parts[i%len(parts)] = append(parts[i%len(parts)], uint32(i))
	}
	see := func(id int, ids []uint32) { // the reply to a step of these envs
		reply, refused := client.Wait(id)
		if refused != nil {
			errors = append(errors, refused.Code)
			return
		}
		stepped := reply.([]any)
		observed += sum(stepped[3])
		for row, reward := range numbers("float64", stepped[4]) {
			rewards[ids[row]] += reward
		}
		if ended, ok := stepped[8].([]any); ok {
			for _, row := range numbers("uint32", ended[0]) {
				over = append(over, ids[int(row)])
			}
			returns, final = append(returns, numbers("float64", ended[1])...), final+sum(ended[4])
		}
	}
	limit := int(number(client.Limits["requestsInFlight"]))
	for t := range steps {
		if autoreset == "disabled" && len(over) > 0 {
			observed += sum(client.Request(fields{"type": "reset", "env": made["env"], "ids": over})["observations"])
		}
		over = nil
		var waiting []func()
		for _, ids := range parts {
			actions := make([][]byte, len(contract["actionLeaves"].([]any)))
			for k, leaf := range contract["actionLeaves"].([]any) {
				size := 1
				for _, n := range leaf.(fields)["shape"].([]any) {
					size *= int(number(n))
				}
				for j := range len(ids) * size {
					x := reflect.ValueOf((t + int(ids[j/size])) % 2).Convert(reflect.TypeOf(kinds[leaf.(fields)["dtype"]]))
					actions[k], _ = binary.Append(actions[k], binary.LittleEndian, x.Interface())
				}
			}
			id := client.SendStep(made["env"], actions, ids)
			waiting = append(waiting, func() { see(id, ids) })
			if len(waiting) == min(limit, len(parts)) {
				for ; len(waiting) > 0; waiting = waiting[1:] {
					waiting[0]()
				}
			}
		}
	}
}
