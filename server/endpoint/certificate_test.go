package endpoint

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/probe/trust/trusttest"
	"holter/server"
)

// secureConnections is how many are open while the certificate is replaced.
const secureConnections = 500

// A certificate is replaced under open connections: none of them is lost, and later ones see the new one.
func TestCertificateIsReplaced(t *testing.T) {
	files := trusttest.New(t, 1)
	s := runServer(t, func(_ *server.Options, d *Options) { d.TLSCert, d.TLSKey = files.Cert, files.Key })
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: files.Pool(t)}, ReadBufferSize: 256, WriteBufferSize: 256}
	guests := make([]*websocket.Conn, secureConnections)
	each(t, guests, func(i int) (err error) {
		guests[i], _, err = dialer.Dial(fmt.Sprintf("%s?client=%d", s.URL(), i), nil)
		return err
	})
	t.Cleanup(func() {
		for _, c := range guests {
			c.Close()
		}
	})
	each(t, guests, func(i int) error { return echoes(guests[i]) })

	files.Write(t, 2)
	commit, err := s.Prepare()
	if err != nil {
		t.Fatal(err)
	}
	if commit(); certificateOf(t, s) != 2 {
		t.Error("the old certificate is still shown")
	}
	each(t, guests, func(i int) error { return echoes(guests[i]) })
	if _, _, err := dialer.Dial(s.URL(), nil); err == nil {
		t.Error("one that trusts the old certificate alone came in")
	}
	dialer.TLSClientConfig = &tls.Config{RootCAs: files.Pool(t)}
	late, _, err := dialer.Dial(s.URL()+"?client=late", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	now, err := s.monitor.Source().Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	open := 0
	for _, c := range now.Connections {
		if c.State == model.Normal {
			open++
		}
	}
	if open != secureConnections+1 || len(now.Connections) != open {
		t.Errorf("%d connections, %d of them normal", len(now.Connections), open)
	}
}

// each calls f for all guests, some at a time.
func each(t *testing.T, guests []*websocket.Conn, f func(i int) error) {
	t.Helper()
	var wait sync.WaitGroup
	errs, places := make([]error, len(guests)), make(chan struct{}, 16)
	for i := range guests {
		places <- struct{}{}
		wait.Go(func() {
			errs[i] = f(i)
			<-places
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func echoes(c *websocket.Conn) error {
	if err := c.WriteMessage(websocket.TextMessage, []byte("here")); err != nil {
		return err
	}
	_, message, err := c.ReadMessage()
	if err == nil && string(message) != "here" {
		err = fmt.Errorf("got %q", message)
	}
	return err
}

// certificateOf is the serial number of the certificate that a newcomer sees.
func certificateOf(t *testing.T, s running) int64 {
	t.Helper()
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}, Timeout: patienceOfTests}
	response, err := client.Get(s.PageURL())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.TLS.PeerCertificates[0].SerialNumber.Int64()
}
