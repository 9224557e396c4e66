package look

import "testing"

func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"demo-0042":                      "demo-0042",
		"10.0.3.17":                      "10.0.x.x",
		"10.0.3.17:40122":                "10.0.x.x:40122",
		"127.0.0.1:7070":                 "127.0.0.1:7070",
		"::1":                            "::1",
		"[::1]:80":                       "[::1]:80",
		"2001:db8::1":                    "2001:db8:x",
		"[2001:db8:1:2:3:4:5:6]:443":     "[2001:db8:x]:443",
		"::ffff:203.0.113.9":             "203.0.x.x",
		"fe80::1":                        "fe80:0:x",
		"refused 203.0.113.9: 503 full":  "refused 203.0.x.x: 503 full",
		"gone (203.0.113.9).":            "gone (203.0.x.x).",
		"ws://203.0.113.9:7070/ws":       "ws://203.0.x.x:7070/ws",
		"10.0.0.1,10.0.0.2":              "10.0.x.x,10.0.x.x",
		"at 12:41:07, version 1.2.3":     "at 12:41:07, version 1.2.3",
		"face: cafe.":                    "face: cafe.",
		"kiosk-10.1.2.3-a":               "kiosk-10.1.x.x-a",
		"a10.1.2.3, 10.1.2.3b":           "a10.1.x.x, 10.1.x.xb",
		"café 10.1.2.3 für \x1b[31m ::2": "café 10.1.x.x für \x1b[31m 0:0:x",
	} {
		if got := Mask(text); got != want {
			t.Errorf("%q is masked as %q, want %q", text, got, want)
		}
	}
}
