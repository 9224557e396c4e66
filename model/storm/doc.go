// Package storm finds reconnect storms: many clients that come back in a short time, as after a deploy.
//
// A Watch is told of each loss, attempt, refusal and connection, in the order of time. Each Tick finds out whether a
// storm has begun. While one is on, a Survey measures it anew once a second: which clients lost a connection in the
// burst that led to it, how soon they were back, the peak, and the policies. Its figures show whether the storm is over.
// Of a server that was here before, and was gone at once, Before tells the clients: they come back as those of any storm.
// A forecast replays the policies of a storm against an outage, as they are and with full jitter.
//
// The package is pure: instants come in as arguments. A Watch and its Clients belong to one goroutine, or to a lock.
// A Survey has copies, and is read by any goroutine.
package storm
