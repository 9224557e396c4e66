package redact

import (
	"slices"
	"strings"
)

// Browsers cannot set a header on a WebSocket, so some programs send keys and tokens as subprotocols, and some servers
// answer with the token as the chosen subprotocol. The package tells names from tokens with a list of known names, and
// a list of the words in such names.

// protocolNames are known names that are not made of protocolWords: from the IANA registry of WebSocket subprotocol
// names, and from widely used programs.
var protocolNames = words(`MBWS.huawei.com MBLWS.huawei.com wpcp rwpcp jsflow drp bfcp mielecloudconnect t140 done
	TLCP-2.0.0.lightstreamer.com sldp.softvelum.com webrtc.softvelum.com v10.pcp.sap.com
	saltyrtc-1.0 com.openmobilealliance.org-rest hub.bsc.bacnet.org dc.bsc.bacnet.org
	text.ircv3.net binary.ircv3.net v3.penguin-stats.live+json v3.penguin-stats.live+proto v1.swindon-lattice+json
	lws-mirror-protocol lws-minimal dumb-increment-protocol aws-appsync-event-ws avatica.v1 nakama`)

// protocolWords are the words in names of subprotocols. None of them is a credential.
var protocolWords = words(`action actioncable admin amqp app apollo base64 base64url batched binary bus cable cbor channel chat
	cloud client cluster coap cobra collab collaboration command control connect console crdt csv data demo device dc
	debug dev drawing echo edit editor encrypted erlang event events exec feed file flatbuffers frame frames game
	gateway graphql gremlin grpc guacamole h264 hello hmr hocuspocus html http hub io iot irc janus jmap json jsonrpc
	k8s kernel kubernetes live livereload log logs lsp media message messages messaging messagepack mirror
	mjpeg mqtt msgpack msrp multiplayer netconf node notification notifications notify nats ocpp opcua openai opus
	phoenix play player plain ping portforward presence proto protobuf protocol proxy pubsub push quote quotes raw
	realtime reload remote restful rfb rpc rtc rtmp server service sfu ship signal signaling signalling signalr simple
	sip soap socket sockjs ssh state stomp stream streaming subscribe subscription subscriptions subscriptionstransport
	sync telemetry term terminal text thrift tick ticker tls transport trpc tty ttyd tunnel uacp uajson unsupported
	update updates usp video vite vnc voice wamp web webdav webrtc websocket websockets webtransport ws wss xml
	xmpp xterm yjs zmq zmtp`)

// credentialWords announce the credential that comes after them. They are shown, but no number after them is.
var credentialWords = words(`access api apikey auth authorization basic beta bearer header insecure jwt key
	organization payload project session sessionid ticket token`)

const separators = ".-_+/:"

// Subprotocol returns the name of a subprotocol with the secret part masked. It keeps a known name, a name of known
// words and version numbers, and a name that is a domain or ends in a version, such as rooms.v2. In any other name it
// keeps the part before the first unknown word, and replaces the rest with Mask: bearer.(not shown).
func Subprotocol(name string) string {
	if len(name) > maxItem {
		return Mask
	}
	known := knownPart(name)
	switch {
	case known == len(name), protocolNames[name], isNamed(name):
		return name
	}
	return name[:known] + Mask
}

const (
	maxFigures = 3 // of a version
	maxVersion = 2 // digits of each
)

// knownPart returns the length of the part of name that is made of known words and version numbers.
func knownPart(name string) int {
	word, credential, figures := false, false, 0
	for begin := 0; begin < len(name); {
		end := len(name)
		if i := strings.IndexAny(name[begin:], separators); i >= 0 {
			end = begin + i
		}
		part := strings.ToLower(name[begin:end])
		stem := strings.TrimSuffix(withoutVersion(part), "v")
		switch {
		case protocolWords[part]:
			word = true
		case credentialWords[part]:
			word, credential = true, true
		case credential || figures == maxFigures:
			return begin
		case protocolWords[stem]: // mqttv3
			word = true
			figures++
		case part != "" && stem == "" && (word || part[0] == 'v'):
			figures++
		default:
			return begin
		}
		begin = min(end+1, len(name))
	}
	return len(name)
}

// withoutVersion returns a part of a name without the digits at its end, if they may be a version.
func withoutVersion(part string) string {
	stem := strings.TrimRight(part, "0123456789")
	if len(part)-len(stem) > maxVersion {
		return part
	}
	return stem
}

const (
	maxNamed     = 48 // bytes of a name
	maxNamedPart = 16
)

// isNamed reports whether name looks like the name of a protocol: words in lower case, in a domain or before a
// version. A token has no version at its end.
func isNamed(name string) bool {
	parts := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(separators, r) })
	if len(name) > maxNamed || len(parts) < 2 {
		return false
	}
	last := len(parts) - 1
	for last > 1 && withoutVersion(parts[last]) == "" { // the 1 of v2.1
		last--
	}
	end := parts[last]
	version := end[0] == 'v' && len(end) > 1 && withoutVersion(end) == "v"
	domain := last == len(parts)-1 && slices.Contains([]string{"com", "net", "org", "io", "dev"}, end)
	return (version || domain) && !slices.ContainsFunc(parts[:last], func(part string) bool {
		return credentialWords[part] || len(part) > maxNamedPart || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz") != ""
	})
}
