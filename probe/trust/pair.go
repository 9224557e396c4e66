package trust

import (
	"crypto/tls"
	"fmt"
)

// Pair is a certificate, with its intermediates, and its key.
type Pair struct{ *Files[*tls.Certificate] }

// ValidPair refuses a certificate without its key, and a key without its certificate. An empty name stands for none.
func ValidPair(certFlag, cert, keyFlag, key string) error {
	switch {
	case cert != "" && key == "":
		return fmt.Errorf("%s without %s: write both", certFlag, keyFlag)
	case key != "" && cert == "":
		return fmt.Errorf("%s without %s: write both", keyFlag, certFlag)
	}
	return nil
}

// OpenPair reads two files of PEM blocks. The flags are those that name them.
func OpenPair(certFlag, cert, keyFlag, key string) (Pair, error) {
	f, err := Open(certFlag+" and "+keyFlag, func(contents [][]byte) (*tls.Certificate, error) {
		pair, err := tls.X509KeyPair(contents[0], contents[1])
		return &pair, err
	}, cert, key)
	return Pair{f}, err
}

// Server is how a server that speaks HTTP/1.1 shows a certificate: the one that is in force when a client comes.
func Server(now func() *tls.Certificate) *tls.Config {
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return now(), nil },
		NextProtos:     []string{"http/1.1"},
	}
}

// ShowTo has a client show the certificate to a server that wants one. In Certificates, one from an authority that the
// server does not list would silently not be shown.
func (p Pair) ShowTo(c *tls.Config) {
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return p.Value(), nil }
}
