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

// fields maps the names of header fields to the way in which their values are shown. The values are known to be
// harmless, or the package can recognise and mask their secret parts.
//
// The fields that proxies add give the origin and the route of a request, and the ids under which other logs have it.
// Fields that name a person are missing, such as X-Forwarded-User and X-Forwarded-Email. Tracestate and Baggage are
// missing because they may contain anything. The validators of a cache are missing because they can identify a
// browser.
var fields = map[string]kind{
	// The handshake.
	"Host": address, "Origin": address, "Connection": plain, "Upgrade": plain, "User-Agent": plain,
	"Sec-Websocket-Version": plain, "Sec-Websocket-Extensions": plain, "Sec-Websocket-Protocol": protocols,

	// Abilities and wishes of a client.
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

	// The route of a request.
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

// secretWords in the name of a header field, a parameter or a claim mean that its value is a credential.
var secretWords = words(`apikey auth authorization bearer code cookie credential credentials csrf hmac jsessionid
	jwt key nonce otp pass passcode passphrase passwd password phpsessid pin pwd saml secret session sessionid sid sig
	signature ticket token xsrf`)

// secretEnds mean the same at the end of a longer word.
var secretEnds = []string{"token", "secret", "password", "sessionid", "sessid", "apikey", "signature"}

// personWords at the end of a name mean that the value names a person, even if a secretWord comes before, as in
// X-Auth-Request-User.
var personWords = words("email login name subject upn user username")

// Secret reports whether the name of a header field, of a parameter or of a claim suggests that its value is secret.
// It knows only usual names, so it cannot decide whether a value of unknown kind may be shown: Field does that.
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

// wordsOf returns the words of a name such as X-Auth-Token, session_id or accessToken, in lower case.
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

// Token reports whether a value has the form of a credential, under any name: a JSON Web Token, or the value of an
// Authorization field.
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
