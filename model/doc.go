// Package model is the domain as plain values: what a connection, a client, a state, a diagnosis, an event,
// a snapshot, a storm and a policy are, how they are written as text, and which of them are valid.
//
// What computes with these values has a room of its own: heart (the heartbeat and its judgement), filter
// (the language that chooses connections), reconnect (policies of coming back), storm (many clients at
// once). No room has a clock, a goroutine or a socket: time comes in as an argument, so that a test replays
// an hour in a moment. The model imports nothing of holter's but its own rooms; everything else imports it.
package model
