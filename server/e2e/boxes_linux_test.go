package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// need skips the test if a program is not installed.
func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
}

// attend runs a server until the test ends, and returns once it listens.
func attend(t *testing.T, address string, command ...string) (pid int) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		cmd.Wait()
	}()
	t.Cleanup(func() { cmd.Process.Kill(); <-done })
	eventually(t, patience, command[0]+" listens", func() bool {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		c.Close()
		return true
	})
	return cmd.Process.Pid
}

// nginx runs a real nginx in front of a server. It takes silence for an end after a time, and has an address of its own. Below
// /plain it passes requests on as it does unless it is told of WebSockets.
func nginx(t *testing.T, from, to string, silence time.Duration) (host string) {
	t.Helper()
	dir, host := t.TempDir(), freePort(t)
	config := strings.NewReplacer("DIR", dir, "HOST", host, "FROM", from, "TO", to, "SILENCE", fmt.Sprintf("%dms", silence.Milliseconds())).Replace(`
daemon off;
master_process off;
pid DIR/pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
	server {
		listen HOST;
		proxy_bind FROM;
		proxy_http_version 1.1;
		proxy_set_header Host $http_host;
		proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		location / {
			proxy_pass http://TO;
			proxy_set_header Host $http_host;
			proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection "upgrade";
			proxy_read_timeout SILENCE;
		}
		location /plain { proxy_pass http://TO; }
	}
}
`)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	attend(t, host, "nginx", "-p", dir, "-e", "stderr", "-c", file)
	return host
}

// haproxy runs a real HAProxy in front of a server. It takes silence for an end after a time, and has an address of its own.
// reload starts another in its place, at once and without mercy.
func haproxy(t *testing.T, from, to string, silence time.Duration) (host string, reload func()) {
	t.Helper()
	dir, host := t.TempDir(), freePort(t)
	config := strings.NewReplacer("HOST", host, "FROM", from, "TO", to, "SILENCE", fmt.Sprintf("%dms", silence.Milliseconds())).Replace(`
global
	maxconn 500
defaults
	mode http
	option forwardfor
	timeout connect 5s
	timeout client 60s
	timeout server 60s
	timeout tunnel SILENCE
frontend in
	bind HOST
	default_backend out
backend out
	source FROM
	server app TO
`)
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	pid := attend(t, host, "haproxy", "-db", "-f", file)
	return host, func() { attend(t, host, "haproxy", "-db", "-f", file, "-st", fmt.Sprint(pid)) }
}

// hide puts another namespace behind n, which forwards for it and hides its address, as the router of a home does. Its table
// forgets a connection on which nothing has passed for a while. Of what comes for one that it does not know it says that there is
// none, or nothing if it is discreet.
func (n namespace) hide(t *testing.T, forgets time.Duration, discreet bool) namespace {
	t.Helper()
	home := namespace{name: n.name + "-home", here: n.here}
	if out, err := exec.Command("ip", "netns", "add", home.name).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("ip", "netns", "del", home.name).Run() })
	const router, address = "192.168.177.1", "192.168.177.2"
	commands := []string{
		"ip -n " + n.name + " link add home type veth peer name router netns " + home.name,
		"ip -n " + n.name + " addr add " + router + "/24 dev home",
		"ip -n " + n.name + " link set home up",
		"ip -n " + home.name + " addr add " + address + "/24 dev router",
		"ip -n " + home.name + " link set router up",
		"ip -n " + home.name + " route add default via " + router,
		"ip netns exec " + n.name + " iptables -w -t nat -A POSTROUTING -s " + address + " -j MASQUERADE",
		"ip netns exec " + n.name + " iptables -w -A FORWARD -m conntrack --ctstate INVALID -j DROP",
	}
	if discreet {
		commands = append(commands, "ip netns exec "+n.name+" iptables -w -A INPUT -p tcp -m conntrack --ctstate INVALID -j DROP")
	}
	for _, command := range commands {
		run(t, strings.Fields(command)...)
	}
	for file, value := range map[string]int{
		"ipv4/ip_forward": 1, "netfilter/nf_conntrack_tcp_loose": 0, "netfilter/nf_conntrack_tcp_timeout_established": int(forgets.Seconds()),
	} {
		run(t, append(n.within(), "sh", "-c", fmt.Sprintf("echo %d > /proc/sys/net/%s", value, file))...)
	}
	return home
}

// smallBuffer makes the window of a socket small, before it connects.
func smallBuffer(_, _ string, c syscall.RawConn) (err error) {
	c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 8<<10) })
	return err
}
