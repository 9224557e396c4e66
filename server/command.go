package server

// Greet logs where to connect. The server must listen.
func (s *Server) Greet() {
	attrs := []any{"websocket", s.URL(), "page", s.PageURL()}
	if admin := s.AdminURL(); admin != "" {
		attrs = append(attrs, "admin", admin)
	}
	s.log.Info("holter listens", attrs...)
}

// Help is shown by holter serve --help.
func (DataOptions) Help() string {
	return `Every flag can also be set in the environment (--max-conns as HOLTER_MAX_CONNS) and in a configuration file (max-conns: 100). Flags win over the environment, the environment over the file.

Examples:

    holter --demo 200
    holter serve --listen :7070 --allow-origin https://app.example
    holter serve --headless --log-format json | jq .
    HOLTER_INTERVAL=1s holter serve --profile staging

A holter.yaml:

    interval: 2s
    profiles:
      staging: {listen: "0.0.0.0:7070", headless: true}`
}

// Help is shown by holter proxy --help.
func (ProxyOptions) Help() string {
	return `All requests go on to the upstream as they are, and all answers back. Of a WebSocket both sides are watched: that to the client and that to the upstream.

Examples:

    holter proxy http://localhost:3000
    holter proxy --listen :8080 --on-fail close http://localhost:3000
    holter proxy --upstream-ca ca.pem https://backend.example
    holter proxy --trusted-proxies 10.0.0.0/8 http://localhost:3000`
}
