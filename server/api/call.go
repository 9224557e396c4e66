package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"holter/model"
)

const (
	answerWithin  = 5 * time.Second // for a call, or the head of a stream
	longestAnswer = 2 << 20         // bytes of the answer to a call
	mostValues    = 20_000          // in the answer to a call, or in an event
	wholeWithin   = 2 * time.Minute // for a picture to come in completely
	longestError  = 64 << 10
)

var (
	errEnded    = errors.New("the connection ended")
	errNoObject = errors.New("it is not a JSON object")
)

// caller makes requests to one admin plane. Its errors are model errors of one sentence: Unavailable if
// there was no answer, otherwise the error that the plane answered with.
type caller struct {
	base  *url.URL
	token func() string // "" for none
	http  *http.Client

	opening time.Duration // for a stream to begin
	whole   time.Duration // for a picture to come in
}

func newCaller(base *url.URL, token string) *caller {
	return &caller{base: base, token: func() string { return token }, opening: 3 * answerWithin, whole: wholeWithin, http: &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: answerWithin}).DialContext,
			TLSHandshakeTimeout:    answerWithin,
			ResponseHeaderTimeout:  answerWithin,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
		},
		// A redirect may lead to another server, which must not get the token.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (c *caller) transport() *http.Transport { return c.http.Transport.(*http.Transport) }

// call makes a request with in as its body, none if in is nil, and reads the answer into out.
func (c *caller) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	response, err := c.request(ctx, method, path, "", in)
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
	err = unmarshal(text, out)
	if err == nil && method != http.MethodGet {
		err = json.Unmarshal(text, out) // an answer to a command must fit completely, so that its effect is known
	}
	if err != nil {
		return c.strange(err)
	}
	return nil
}

// unmarshal decodes JSON from another holter as far as it fits v. Few bytes can be many values, each of which
// takes memory, so it refuses more than mostValues of them.
func unmarshal(text []byte, v any) error {
	switch {
	case values(text) > mostValues:
		return errTooLong
	case !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")):
		return errNoObject
	}
	return fits(json.Unmarshal(text, v), nil)
}

// values returns how many values there are in JSON, or a few more.
func values(text []byte) int {
	n, quoted := 1, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case (c == ',' || c == '[' || c == '{') && !quoted:
			n++
		}
	}
	return n
}

// request makes a request and returns its answer, whose body must be closed. An answer with a status other
// than 200 is an error. If accept is empty, the body is not packed; otherwise that is its Accept-Encoding.
func (c *caller) request(ctx context.Context, method, path, accept string, in any) (*http.Response, error) {
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
	if accept != "" {
		request.Header.Set("Accept-Encoding", accept)
	}
	if token := c.token(); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
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

// unavailable returns the error for a plane that did not answer, or not completely.
func (c *caller) unavailable(err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return model.Errorf(model.Unavailable, "%s does not answer", c.base)
	}
	return model.Errorf(model.Unavailable, "%s does not answer: %s%s", c.base, text(cause(err).Error()), hint(err))
}

// hint is what may mend a handshake of TLS, as the end of a sentence.
func hint(err error) string {
	switch {
	case isA[x509.UnknownAuthorityError](err):
		return ": --ca FILE names certificates to trust, --insecure trusts any"
	case isA[*tls.CertificateVerificationError](err):
		return ": --insecure trusts any certificate"
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return ": it does not speak TLS, so write http://"
	}
	return ""
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// cause returns the innermost error, without the names of the calls around it.
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

// refused returns the error for an answer with a status other than 200.
func (c *caller) refused(response *http.Response) error {
	var e Error
	body, _ := io.ReadAll(io.LimitReader(response.Body, longestError))
	ours := json.Unmarshal(body, &e) == nil && e.Error.Code != ""
	switch {
	case response.StatusCode == http.StatusUnauthorized && c.token() == "":
		return model.Errorf(model.Unauthorized, "%s needs a token: write --token-file FILE, or set HOLTER_TOKEN", c.base)
	case response.StatusCode == http.StatusUnauthorized:
		return model.Errorf(model.Unauthorized, "%s does not accept this token", c.base)
	case ours:
		return e.Error.err()
	case c.base.Scheme == "http" && bytes.Contains(body, []byte("HTTP request to an HTTPS server")):
		return model.Errorf(model.Unavailable, "%s speaks TLS: write https://%s", c.base, c.base.Host)
	case response.StatusCode/100 == 3:
		return model.Errorf(model.Unavailable, "%s redirects to %s: write that address", c.base, text(response.Header.Get("Location")))
	case response.StatusCode/100 == 5:
		return model.Errorf(model.Unavailable, "%s answers %d", c.base, response.StatusCode)
	}
	return model.Errorf(model.Unavailable, "%s answers %d and is not the admin plane of a holter: write the address of its flag --admin, by default port 7071",
		c.base, response.StatusCode)
}

func (b *ErrorBody) err() error {
	return model.Errorf(model.Code(text(string(b.Code))), "%s", text(b.Message))
}

// strange returns the error for an answer that this package cannot parse.
func (c *caller) strange(err error) error {
	return model.Errorf(model.Unavailable, "%s answers something that this holter does not understand, so it is another version or not a holter: %s",
		c.base, text(err.Error()))
}
