package alert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	answerWithin  = 10 * time.Second // for all of one attempt
	longestAnswer = 4 << 10          // bytes that are read of an answer
	leastWait     = time.Second      // that a receiver may ask for
	mostWait      = 5 * time.Minute
)

// poster posts JSON to one address.
type poster struct {
	address *url.URL
	client  *http.Client
}

func newPoster(address string) poster {
	u, err := url.Parse(address)
	if err != nil {
		u = new(url.URL) // Validate has refused it
	}
	return poster{u, &http.Client{
		Timeout: answerWithin,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: answerWithin}).DialContext,
			TLSHandshakeTimeout:    answerWithin,
			MaxResponseHeaderBytes: 64 << 10,
			MaxConnsPerHost:        2,
			IdleConnTimeout:        time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// shown is the address without what may be secret: chats give each of their webhooks a path that is a password.
func (p *poster) shown() string {
	text := p.address.Scheme + "://" + p.address.Host
	if p.address.Path != "" && p.address.Path != "/" || p.address.RawQuery != "" {
		text += "/…"
	}
	return text
}

// post posts a body, whose header fields sign sets if it is not nil. The error is permanent if the receiver will never take it.
func (p *poster) post(ctx context.Context, body []byte, sign func(http.Header)) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address.String(), bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(errors.New("the address is none"))
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "holter")
	if sign != nil {
		sign(r.Header)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return cause(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, longestAnswer)) // so that the connection can be used again
	return verdict(answer, text)
}

// verdict is what an answer means.
func verdict(answer *http.Response, text []byte) error {
	status := answer.StatusCode
	err := fmt.Errorf("it answers %d", status)
	if line, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n")); len(line) > 0 {
		err = fmt.Errorf("it answers %d: %.100s", status, line)
	}
	switch {
	case status/100 == 2:
		return nil
	case status/100 == 3:
		return backoff.Permanent(fmt.Errorf("it answers %d, a redirect, which is not followed: write the address that it leads to", status))
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		if wait, convErr := strconv.Atoi(answer.Header.Get("Retry-After")); convErr == nil {
			wait = int(min(max(time.Duration(min(wait, 1e6))*time.Second, leastWait), mostWait) / time.Second)
			return fmt.Errorf("%w (%w)", err, backoff.RetryAfter(wait))
		}
	case status/100 == 5, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
	default:
		return backoff.Permanent(err)
	}
	return err
}

// cause is the innermost error, without the address around it, which may be secret.
func cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		if e.Timeout() {
			return fmt.Errorf("it does not answer within %s", answerWithin)
		}
		err = e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		err = e.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it closes the connection without an answer")
	}
	return err
}
