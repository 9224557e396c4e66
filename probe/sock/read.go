package sock

// TryRead reads what waits in the socket fd into b, which is not empty, and returns how much that
// was: 0 without an error if there is nothing yet, [io.EOF] at the end of the stream. Inside
// [syscall.RawConn.Read] it is a read that needs a buffer only once there is something to put into
// it. The descriptor has to be in non-blocking mode, as those of package net are. Where no read is
// sure not to wait (Windows), nothing is read and the error is [errors.ErrUnsupported], whatever fd
// and b are.
func TryRead(fd uintptr, b []byte) (int, error) { return tryRead(fd, b) }
