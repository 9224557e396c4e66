package redact

import (
	"slices"
	"strings"
	"unicode"
)

// kind is how the value of a header field is shown.
type kind uint8

const (
	unknown   kind = iota // not at all
	plain                 // as it is
	address               // an address, or several hosts: see addressOf
	protocols             // see Subprotocol
	forwarded             // see hop
)

// fields are those whose values are known to be harmless, or in which what is not can be told from the rest.
//
// Of proxies, they tell where a request came from and how, and the ids by which it is found in other logs. They do
// not tell for whom it was: X-Forwarded-User and X-Forwarded-Email are not among them, and neither are Tracestate
// and Baggage, in which anything may be, and the validators of a cache, by which a browser can be told from others.
var fields = map[string]kind{
	// The handshake.
	"Host": address, "Origin": address, "Connection": plain, "Upgrade": plain, "User-Agent": plain,
	"Sec-Websocket-Version": plain, "Sec-Websocket-Extensions": plain, "Sec-Websocket-Protocol": protocols,

	// What a client can do and wants.
	"Accept": plain, "Accept-Charset": plain, "Accept-Encoding": plain, "Accept-Language": plain,
	"Cache-Control": plain, "Content-Encoding": plain, "Content-Length": plain, "Content-Type": plain, "Date": plain,
	"Dnt": plain, "Expect": plain, "Keep-Alive": plain, "Max-Forwards": plain, "Pragma": plain, "Priority": plain, "Purpose": plain,
	"Proxy-Connection": plain, "Save-Data": plain, "Te": plain, "Trailer": plain, "Transfer-Encoding": plain,
	"Upgrade-Insecure-Requests": plain, "X-Requested-With": plain,
	"Sec-Fetch-Dest": plain, "Sec-Fetch-Mode": plain, "Sec-Fetch-Site": plain, "Sec-Fetch-Storage-Access": plain,
	"Sec-Fetch-User": plain, "Sec-Gpc": plain, "Sec-Purpose": plain,
	"Sec-Ch-Ua": plain, "Sec-Ch-Ua-Arch": plain, "Sec-Ch-Ua-Bitness": plain, "Sec-Ch-Ua-Full-Version-List": plain,
	"Sec-Ch-Ua-Mobile": plain, "Sec-Ch-Ua-Model": plain, "Sec-Ch-Ua-Platform": plain,
	"Sec-Ch-Ua-Platform-Version": plain,

	// The name of a client, unless --identity says otherwise.
	"X-Client-Id": plain,

	// The way of a request.
	"Via": plain, "Forwarded": forwarded, "X-Forwarded-For": plain, "X-Forwarded-By": plain, "X-Forwarded-Proto": plain,
	"X-Forwarded-Port": plain, "X-Forwarded-Protocol": plain, "X-Forwarded-Scheme": plain, "X-Forwarded-Ssl": plain,
	"X-Forwarded-Host": address, "X-Forwarded-Server": address, "X-Original-Host": address, "X-Scheme": plain,
	"X-Real-Ip": plain, "X-Client-Ip": plain, "X-Cluster-Client-Ip": plain, "X-Original-Forwarded-For": plain,
	"X-Envoy-External-Address": plain, "True-Client-Ip": plain, "Cf-Connecting-Ip": plain, "Cf-Ipcountry": plain,
	"Cf-Visitor": plain, "Cdn-Loop": plain, "Fastly-Client-Ip": plain, "Fly-Client-Ip": plain, "X-Azure-Clientip": plain,

	// The ids of a request.
	"X-Request-Id": plain, "X-Correlation-Id": plain, "Request-Id": plain, "Traceparent": plain,
	"X-Amzn-Trace-Id": plain, "X-Cloud-Trace-Context": plain, "X-B3-Traceid": plain, "X-B3-Spanid": plain,
	"X-B3-Parentspanid": plain, "X-B3-Sampled": plain, "Cf-Ray": plain, "Fly-Request-Id": plain,

	// Addresses.
	"Referer": address, "Location": address, "Content-Location": address,
	"X-Original-Uri": address, "X-Original-Url": address, "X-Rewrite-Url": address, "X-Request-Uri": address,
	"X-Forwarded-Uri": address, "X-Forwarded-Url": address, "X-Forwarded-Path": address, "X-Forwarded-Prefix": address,
	"X-Forwarded-Context": address, "X-Script-Name": address, "X-Envoy-Original-Path": address, "X-Real-Uri": address,
}

func kindOf(name string) kind { return fields[name] }

// secretWords in the name of a header field, a parameter or a claim tell that its value lets somebody in.
var secretWords = words(`apikey auth authorization bearer code cookie credential credentials csrf hmac jsessionid
	jwt key nonce otp pass passcode passphrase passwd password phpsessid pin pwd saml secret session sessionid sid sig
	signature ticket token xsrf`)

// secretEnds are the same at the end of a longer word.
var secretEnds = []string{"token", "secret", "password", "sessionid", "sessid", "apikey", "signature"}

// personWords at the end of a name tell that it says who somebody is, whatever stands before: X-Auth-Request-User.
var personWords = words("email login name subject upn user username")

// Secret reports whether the name of a header field, of a parameter or of a claim says that its value is secret. It
// knows what such things are called, so it is not for deciding what to show of a stranger.
func Secret(name string) bool {
	parts := wordsOf(name)
	if len(parts) > 0 && personWords[parts[len(parts)-1]] {
		return false
	}
	return slices.ContainsFunc(parts, func(word string) bool {
		return secretWords[word] ||
			slices.ContainsFunc(secretEnds, func(end string) bool { return strings.HasSuffix(word, end) })
	})
}

// wordsOf are the words of a name such as X-Auth-Token, session_id or accessToken, in lower case.
func wordsOf(name string) []string {
	var spaced strings.Builder
	before := ' '
	for _, r := range name {
		if unicode.IsLower(before) && unicode.IsUpper(r) {
			spaced.WriteByte(' ')
		}
		spaced.WriteRune(r)
		before = r
	}
	return strings.FieldsFunc(strings.ToLower(spaced.String()), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// Token reports whether a value is a credential by its looks, whatever its name: a JSON Web Token, or what stands in
// an Authorization field.
func Token(value string) bool {
	if strings.HasPrefix(value, "eyJ") && strings.Count(value, ".") >= 2 {
		return true
	}
	scheme, rest, _ := strings.Cut(value, " ")
	return rest != "" && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Basic"))
}

// words makes a set of the words in a text.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		set[word] = true
	}
	return set
}
