package swarm

import (
	"fmt"

	"holter/model"
)

// Role is the behaviour and the reconnect policy that some of the clients share.
type Role struct {
	Behaviour
	Policy model.Policy
	Share  float64 // of the clients, relative to the shares of the other roles
}

// userAgent names the behaviour and the policy, so that a server can group clients of a role by their user agent.
func (r Role) userAgent(prefix string) string {
	return fmt.Sprintf("holter-%s/%s (%s)", prefix, r.Name, r.Policy)
}

func validateRoles(roles []Role) error {
	if len(roles) == 0 {
		return fmt.Errorf("a swarm needs at least one role")
	}
	for _, role := range roles {
		if err := role.Policy.Validate(); err != nil {
			return fmt.Errorf("role %s: %w", role.Name, err)
		}
		if !(role.Share > 0) {
			return fmt.Errorf("role %s has a share of %g: write a number above 0", role.Name, role.Share)
		}
	}
	return nil
}

// assignRoles returns a role for each of n clients. The first clients get one role each, in order, so that a small
// swarm has as many roles as possible. Each further client gets the role that is furthest behind its share.
func assignRoles(roles []Role, n int) []*Role {
	total := 0.0
	for _, role := range roles {
		total += role.Share
	}
	given := make([]int, len(roles))
	parts := make([]*Role, 0, n)
	for i := range n {
		next := i
		if i >= len(roles) {
			next = furthestBehind(roles, given, float64(n)/total)
		}
		given[next]++
		parts = append(parts, &roles[next])
	}
	return parts
}

func furthestBehind(roles []Role, given []int, clientsPerShare float64) int {
	behind := func(i int) float64 { return roles[i].Share*clientsPerShare - float64(given[i]) }
	worst := 0
	for i := range roles {
		if behind(i) > behind(worst) {
			worst = i
		}
	}
	return worst
}
