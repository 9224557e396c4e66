// Package model is the domain as plain values: what a connection, a client, a state, a diagnosis, an event,
// a snapshot, a storm and a policy are, how they are written as text, and which of them are valid.
//
// Code that computes with these values has packages of its own below this one: heart (the heartbeat and its
// judgement), filter (the language that selects connections), reconnect (policies of coming back), storm (many
// clients at once), yaml (the files that users write). None of them has a clock, a goroutine or a socket: time comes in
// as an argument, so that a test replays an hour in a moment. They import nothing of holter's but each other; everything
// else imports them.
package model
