package alert

import (
	"context"
	"slices"

	"holter/model"
	"holter/probe/process"
)

// output is where alerts go to.
type output interface {
	// tell takes an alert that began to fire, or one that it was told of and that is resolved. It never waits.
	tell(a model.Alert)
	run(ctx context.Context) error
	report() model.AlertOutput
}

// named is how to make an output. Two outputs of one name are the same.
type named struct {
	name string
	make func() output
}

// outputs are those of a desk. They run between start and stop, each in a goroutine of its own. The zero value has none.
type outputs struct {
	list  []*runner
	ctx   context.Context // nil while they do not run
	group process.Group
}

// runner is an output, with what ends it.
type runner struct {
	output
	name string
	end  context.CancelFunc // nil while it does not run
	told map[string]bool    // ids of what it was told that it fires
}

// set keeps the outputs that are wanted, makes the others, and ends those that are not wanted. What waits for one that ends is lost,
// and the log says so.
func (o *outputs) set(wanted []named) {
	before := make(map[string]*runner, len(o.list))
	for _, r := range o.list {
		before[r.name] = r
	}
	o.list = nil
	for _, w := range wanted {
		if slices.ContainsFunc(o.list, func(r *runner) bool { return r.name == w.name }) {
			continue
		}
		r := before[w.name]
		if r == nil {
			r = &runner{output: w.make(), name: w.name, told: make(map[string]bool)}
			o.begin(r)
		}
		delete(before, w.name)
		o.list = append(o.list, r)
	}
	for _, r := range before {
		if r.end != nil {
			r.end()
		}
	}
}

func (o *outputs) start(ctx context.Context) {
	o.ctx = ctx
	for _, r := range o.list {
		o.begin(r)
	}
}

// begin runs an output, if the outputs run.
func (o *outputs) begin(r *runner) {
	if o.ctx == nil {
		return
	}
	var ctx context.Context
	ctx, r.end = context.WithCancel(o.ctx)
	o.group.Go(func() { r.run(ctx) })
}

// stop has no output begin any more. It returns what waits until all have ended.
func (o *outputs) stop() (wait func()) {
	o.ctx = nil
	return o.group.Wait
}
