package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"holter/model"
)

const (
	answerWithin  = 5 * time.Second // for a call, or the head of a stream
	longestAnswer = 16 << 20        // bytes of the answer to a call
	longestError  = 64 << 10
)

var errEnded = errors.New("the connection ended")

// caller speaks HTTP to one admin plane. Its errors are model errors in one sentence: Unavailable if there
// was no answer, else what the plane said.
type caller struct {
	base  *url.URL
	token string
	http  *http.Client
}

func newCaller(base *url.URL, token string) *caller {
	return &caller{base: base, token: token, http: &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: answerWithin}).DialContext,
			TLSHandshakeTimeout:    answerWithin,
			ResponseHeaderTimeout:  answerWithin,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     local(base),
		},
		// Somewhere else there is another holter, which nobody has given the token to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// call sends in, if it is not nil, and reads the answer into out.
func (c *caller) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	response, err := c.open(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer+1))
	switch {
	case err != nil:
		return c.unavailable(err)
	case len(text) > longestAnswer:
		return c.strange(errTooLong)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return c.strange(err)
	}
	return nil
}

// open sends a request and returns the answer if it is a good one. The caller closes its body.
func (c *caller) open(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader = http.NoBody
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, body)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.unavailable(err)
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		return nil, c.refused(response)
	}
	return response, nil
}

// unavailable is the error of a plane that did not answer, or not to the end.
func (c *caller) unavailable(err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return model.Errorf(model.Unavailable, "%s does not answer", c.base)
	}
	return model.Errorf(model.Unavailable, "%s does not answer: %s", c.base, text(cause(err).Error()))
}

// cause is what went wrong, without the calls that it came through.
func cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		err = e.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errEnded
	}
	return err
}

// refused is the error in an answer that is not a good one.
func (c *caller) refused(response *http.Response) error {
	var e Error
	body, _ := io.ReadAll(io.LimitReader(response.Body, longestError))
	ours := json.Unmarshal(body, &e) == nil && e.Error.Code != ""
	switch {
	case response.StatusCode == http.StatusUnauthorized && c.token == "":
		return model.Errorf(model.Unauthorized, "%s wants a token: write --token SECRET, or set HOLTER_TOKEN", c.base)
	case response.StatusCode == http.StatusUnauthorized:
		return model.Errorf(model.Unauthorized, "%s does not take this token", c.base)
	case ours:
		return e.Error.err()
	case response.StatusCode/100 == 3:
		return model.Errorf(model.Unavailable, "%s sends everybody on to %s: write that address", c.base, text(response.Header.Get("Location")))
	case response.StatusCode/100 == 5:
		return model.Errorf(model.Unavailable, "%s answers %d", c.base, response.StatusCode)
	}
	return model.Errorf(model.Unavailable, "%s answers %d, not as an admin plane of holter does: write that of its flag --admin, by default port 7071",
		c.base, response.StatusCode)
}

func (b *ErrorBody) err() error {
	return model.Errorf(model.Code(text(string(b.Code))), "%s", text(b.Message))
}

// strange is the error of an answer that makes no sense here.
func (c *caller) strange(err error) error {
	return model.Errorf(model.Unavailable, "%s answers what this holter does not understand, so it is another version of it or none: %s",
		c.base, text(err.Error()))
}
