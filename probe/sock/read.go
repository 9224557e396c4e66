package sock

// TryRead reads the bytes that wait in the socket fd into b, which must not be empty, and returns their
// number. It returns 0 without an error if there is nothing yet, and [io.EOF] at the end of the stream.
//
// Called inside [syscall.RawConn.Read] it makes a read that needs a buffer only once there is something to
// put into it. The descriptor must be in non-blocking mode, as those of package net are. On a platform
// without a read that is sure not to wait (Windows) it reads nothing, and the error is
// [errors.ErrUnsupported] for any fd and b.
func TryRead(fd uintptr, b []byte) (int, error) { return tryRead(fd, b) }
