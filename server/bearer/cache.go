package bearer

import (
	"crypto/sha256"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

const (
	maxCached = 1024    // tokens of each generation
	maxKept   = 2 << 10 // bytes of a token that is kept
	maxHeads  = 64
)

// cache has the claims of tokens that were verified lately: a client that comes back shows the same one again, and in a storm
// all do so at once. It knows tokens by their hashes alone. The zero value is empty.
//
// It has two generations. A token enters the younger one. When that is full it becomes the older one, whose tokens
// are forgotten.
type cache struct {
	mu         sync.Mutex // protects all following
	keys       *keys      // by which they were verified
	young, old map[[sha256.Size]byte]jwt.MapClaims
	heads      map[string]*jwt.Token // by the first part of tokens that were verified: an issuer has few
}

// get returns the claims of a token that these keys have verified, nil if it is not known.
func (c *cache) get(k *keys, id [sha256.Size]byte) jwt.MapClaims {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys != k {
		return nil
	}
	if claims := c.young[id]; claims != nil {
		return claims
	}
	claims := c.old[id]
	if claims != nil {
		c.add(id, claims)
	}
	return claims
}

// put adds a token that these keys have verified. With other keys than before, all that it had goes.
func (c *cache) put(k *keys, id [sha256.Size]byte, claims jwt.MapClaims) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys != k {
		c.keys, c.young, c.old = k, nil, nil
	}
	c.add(id, claims)
}

func (c *cache) add(id [sha256.Size]byte, claims jwt.MapClaims) {
	if len(c.young) >= maxCached {
		c.old, c.young = c.young, nil
	}
	if c.young == nil {
		c.young = make(map[[sha256.Size]byte]jwt.MapClaims)
	}
	c.young[id] = claims
}

// head returns the header of a token, nil if it is not known.
func (c *cache) head(segment string) *jwt.Token {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heads[segment]
}

// keepHead keeps the header of a token that was verified.
func (c *cache) keepHead(segment string, t *jwt.Token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heads[segment] != nil || len(segment) > maxKept {
		return
	}
	if c.heads == nil || len(c.heads) == maxHeads {
		c.heads = make(map[string]*jwt.Token)
	}
	c.heads[strings.Clone(segment)] = t
}
