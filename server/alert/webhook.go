package alert

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"holter/model"
)

// webhook posts alerts in the JSON of Alertmanager's webhooks, signed if there is a key.
type webhook struct {
	poster
	link string
	key  []byte
}

func newWebhook(address, link, secret string) *webhook {
	key, _ := keyOf(secret)
	return &webhook{newPoster(address), link, key}
}

func (h *webhook) name() string { return "webhook " + h.shown() }

func (h *webhook) deliver(ctx context.Context, id string, alerts []model.Alert) error {
	body, err := json.Marshal(notice(alerts, h.link))
	if err != nil {
		return backoff.Permanent(err)
	}
	return h.post(ctx, body, func(header http.Header) { sign(header, h.key, id, time.Now(), body) })
}

// sign sets the header fields of a notification: its id, which is the same when it is sent again, the time and, if there is a
// key, the signature of both and the body. It is the symmetric one of https://www.standardwebhooks.com.
func sign(header http.Header, key []byte, id string, now time.Time, body []byte) {
	at := strconv.FormatInt(now.Unix(), 10)
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", at)
	if key == nil {
		return
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// keyOf is the key that a secret stands for: what is behind whsec_ in base64, or else the bytes of the secret. It is nil without
// one.
func keyOf(secret string) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	text, encoded := strings.CutPrefix(secret, "whsec_")
	if !encoded {
		return []byte(secret), nil
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) == 0 {
		return nil, errors.New("--alert-secret: behind whsec_ a key in base64 is expected: take it as it was given, or write a secret without whsec_")
	}
	return key, nil
}

func newID() string { return "msg_" + rand.Text() }

// Notice is what a webhook gets, and the command: Alertmanager's JSON, version 4.
type Notice struct {
	Version           string            `json:"version"` // "4"
	GroupKey          string            `json:"groupKey"`
	TruncatedAlerts   int               `json:"truncatedAlerts"`
	Status            model.AlertState  `json:"status"` // firing or resolved
	Receiver          string            `json:"receiver"`
	GroupLabels       map[string]string `json:"groupLabels"`
	CommonLabels      map[string]string `json:"commonLabels"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	ExternalURL       string            `json:"externalURL"`
	Alerts            []Told            `json:"alerts"`
}

// Told is an alert in a Notice.
type Told struct {
	Status       model.AlertState  `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"` // 0001-01-01T00:00:00Z while it fires
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// notice makes a Notice of alerts of one rule in one state.
func notice(alerts []model.Alert, link string) Notice {
	n := Notice{
		Version: "4", Status: alerts[0].State, Receiver: "holter", ExternalURL: link,
		GroupKey: `{}:{alertname="` + alerts[0].Rule + `"}`, GroupLabels: map[string]string{"alertname": alerts[0].Rule},
	}
	for i := range alerts {
		a := &alerts[i]
		n.Alerts = append(n.Alerts, Told{
			Status: a.State, Labels: mapOf(a.Labels), Annotations: annotations(a), StartsAt: a.Fired.UTC(), EndsAt: a.Resolved.UTC(),
			GeneratorURL: generator(link), Fingerprint: a.ID,
		})
	}
	n.CommonLabels = common(n.Alerts, func(t *Told) map[string]string { return t.Labels })
	n.CommonAnnotations = common(n.Alerts, func(t *Told) map[string]string { return t.Annotations })
	return n
}

func mapOf(labels []model.Label) map[string]string {
	m := make(map[string]string, len(labels))
	for _, l := range labels {
		m[l.Name] = l.Value
	}
	return m
}

// annotations are those of an alert, with what was measured as the description if the rule has none.
func annotations(a *model.Alert) map[string]string {
	m := mapOf(a.Annotations)
	if _, own := m["description"]; !own && a.Detail != "" {
		m["description"] = a.Detail
	}
	return m
}

// generator is where an alert can be looked at.
func generator(link string) string {
	if link == "" {
		return ""
	}
	return link + "/api/v1/alerts"
}

// common are the names that have the same value in all alerts.
func common(alerts []Told, of func(*Told) map[string]string) map[string]string {
	shared := map[string]string{}
	for name, value := range of(&alerts[0]) {
		if !slices.ContainsFunc(alerts, func(t Told) bool { v, has := of(&t)[name]; return !has || v != value }) {
			shared[name] = value
		}
	}
	return shared
}
