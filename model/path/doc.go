// Package path finds the routes behind the paths of requests: /ocpp/* behind /ocpp/CP0001 and /ocpp/CP0002.
//
// A template is a path in which "*" stands for a segment that differs by client. It is found in two ways. Mask goes by
// the shape of one path: numbers, UUIDs and random texts are ids. Learn goes by the paths of many clients: where many
// values are seen at one place, nearly each by one client only, the place is an id too. Values that many clients share
// stay as they are: /chat and /orders are different routes, and a template that is too narrow is better than one that
// mixes them. Match finds the paths of a template again, without knowing how it was found, so that a filter can.
//
// The package is pure: the result depends on the paths alone, and not on their order.
package path
