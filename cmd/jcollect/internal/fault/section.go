package fault

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/plan"
)

// What a plan need not say.
const (
	defaultInterval = 10 * time.Second // Jepsen's
	defaultLease    = time.Minute
	defaultTimeout  = time.Minute
	mostTimeout     = 4 * time.Minute // below that after which the interpreter gives an operation up
	leastLease      = 3 * time.Second // so that three renewals fit in it over a slow connection
)

// A Plan is the section nemesis of a plan.
type Plan struct {
	Section    *plan.Node // nil if the plan has none
	Faults     []string
	Everything bool // all faults that the plan says enough for
	Schedule   bool // whether Generator injects them; else the plan's own generator alone does
	Interval   time.Duration
	Beats      map[string]Beat     // rhythms of single faults
	StartAfter time.Duration       // before the first fault; below 0 is a random wait as between faults
	Targets    map[string][]Target // by fault; none is a random choice
	Lease      time.Duration       // after which a node that hears nothing heals itself
	Timeout    time.Duration       // of one operation
	Firewall   string              // auto, nft or iptables
	Exempt     []netip.Addr        // never cut off, besides the control node
	Packet     []Shape             // what the fault packet chooses from; none is its usual choice
	Clock      ClockFaults
	DiskFull   DiskFull
	Corruption Corruption
	LostWrites LostWrites
	Membership Membership
	Scripts    []Script
	netem      bool // whether all nodes have it; known after Setup
	queue      bool // whether all nodes can hold packets
}

// Read reads the section nemesis as `nemesis:` of a plan has it. A nil node is no faults.
func Read(n *plan.Node, p *plan.Problems) Plan {
	f := Plan{Section: n, Schedule: true, Interval: defaultInterval, StartAfter: -1, Lease: defaultLease, Timeout: defaultTimeout,
		Firewall: "auto", Beats: map[string]Beat{}, Targets: map[string][]Target{}}
	if n == nil {
		return f
	}
	if own := n.Get("scripts"); own != nil {
		f.readScripts(own, p)
	}
	n.Fields(p, "nemesis", append([]plan.Field{
		{Key: "faults", Doc: "which faults: " + strings.Join(f.kindNames(), ", ") + "; or all that the plan says enough for", Read: f.readFaults},
		{Key: "schedule", Doc: "false: only the plan's own generator injects them (true)", Read: plan.Bool(&f.Schedule)},
		{Key: "interval", Doc: "the mean time between two operations of one fault (10s)", Read: some(&f.Interval)},
		{Key: "intervals", Doc: "the interval of single faults, or exact times: {kill: 20s, partition: {on: 9s, off: 3s}}", Read: f.readBeats},
		{Key: "start-after", Doc: "when the first fault comes (at random within the first intervals)", Read: plan.Duration(&f.StartAfter)},
		{Key: "targets", Doc: "whom each fault strikes: {partition: [one, majority], kill: [primaries]}", Read: f.readTargets},
		{Key: "lease", Doc: "after how long without a word a node heals itself (1m)", Read: f.readLease},
		{Key: "timeout", Doc: "how long one injection or healing may take (1m)", Read: f.readTimeout},
		{Key: "firewall", Doc: "auto, nft or iptables", Read: plan.OneOf(&f.Firewall, "auto", "nft", "iptables")},
		{Key: "exempt", Doc: "addresses that are never cut off, besides the control node's", Read: f.readExempt},
	}, f.options()...)...)
	return f
}

// options are the sections of single faults.
func (f *Plan) options() []plan.Field {
	return []plan.Field{
		{Key: "scripts", Doc: "faults of your own: [{name: ..., inject: sh, heal: sh}]", Read: func(*plan.Node, *plan.Problems) {}},
		{Key: "clock", Doc: "what is done to clocks: {how: [bump, strobe, scramble, reset, check-offsets], scramble: 60s}", Read: f.readClock},
		{Key: "disk-full", Doc: "which disk is filled: {path: FOLDER, leave: 0}", Read: f.readDiskFull},
		{Key: "file-corruption", Doc: "what is done to which files: {path: FILE or FOLDER, how: [bitflip, truncate]}", Read: f.readCorruption},
		{Key: "lost-writes", Doc: "where writes that were not synced can be lost: {lazyfs: FIFO} or {device: NAME, mount: FOLDER}", Read: f.readLostWrites},
		{Key: "membership", Doc: "how nodes leave and join: {view: sh, remove: sh, add: sh}", Read: f.readMembership},
		{Key: "packet", Doc: "a list of what may be done to packets: {delay: 50ms, loss: 20}", Read: plan.Each(f.readShape)},
	}
}

// readFaults reads the list of faults.
func (f *Plan) readFaults(n *plan.Node, p *plan.Problems) {
	items := n.Items
	if n.Kind == plan.Scalar {
		items = []*plan.Node{n}
	} else if n.Kind != plan.List {
		p.Add(n.Pos, strings.Join(f.kindNames(), ", "), "%s, want a list of faults", n.Kind)
		return
	}
	if len(items) == 1 && items[0].Kind == plan.Scalar && items[0].Text == everything {
		f.Everything = true
		f.Faults = f.allFaults()
		return
	}
	for _, item := range items {
		var name string
		plan.OneOf(&name, f.kindNames()...)(item, p)
		switch {
		case slices.Contains(f.Faults, name):
			p.Add(item.Pos, "targets: {"+name+": [...]} gives one fault several targets", "the fault %s stands here twice", name)
		case name == allScripts:
			for _, s := range f.Scripts {
				f.Faults = append(f.Faults, s.Name)
			}
			if len(f.Scripts) == 0 {
				p.Add(item.Pos, "scripts: [{name: ..., inject: ..., heal: ...}]", "there are no faults of the plan's own")
			}
		case name != "":
			f.Faults = append(f.Faults, name)
		}
	}
	for _, name := range needSections() {
		if f.has(name) && f.Section.Get(name) == nil {
			p.Add(n.Pos, "nemesis: "+name+": {...} beside faults; docs/faults.md has its keys", "the fault %s needs a section of its own that says where", name)
		}
	}
}

// everything is the word for all faults of which the plan says enough.
const everything = "all"

// needSections are the faults that can't be injected without a section that says where.
func needSections() []string {
	return []string{"disk-full", "file-corruption", "lost-writes", "membership"}
}

// allFaults are those that the plan says enough for. A restart is a kill, too, and left out.
func (f *Plan) allFaults() (names []string) {
	for _, k := range kinds(*f) {
		if k.name != "restart" && (!slices.Contains(needSections(), k.name) || f.Section.Get(k.name) != nil) {
			names = append(names, k.name)
		}
	}
	return names
}

// Without leaves faults out of those that the word all means.
func (f *Plan) Without(names ...string) {
	if f.Everything {
		f.Faults = slices.DeleteFunc(f.Faults, func(have string) bool { return slices.Contains(names, have) })
	}
}

// byFault reads a map from faults to whatever read reads.
func (f *Plan) byFault(n *plan.Node, p *plan.Problems, what string, read func(k kind, n *plan.Node)) {
	if n.Kind != plan.Map {
		p.Add(n.Pos, "keys: "+strings.Join(f.kindNames(), ", "), "%s is %s, want a map from faults", what, n.Kind)
		return
	}
	for _, pair := range n.Pairs {
		k, ok := kindOf(*f, pair.Key)
		if !ok {
			p.Add(pair.Pos, "one of "+strings.Join(f.kindNames(), ", "), "%q is no fault", pair.Key)
			continue
		}
		read(k, pair.Value)
	}
}

// readBeats reads the rhythm of single faults.
func (f *Plan) readBeats(n *plan.Node, p *plan.Problems) {
	f.byFault(n, p, "intervals", func(k kind, v *plan.Node) {
		var b Beat
		if v.Kind != plan.Map {
			some(&b.Interval)(v, p)
		} else {
			v.Fields(p, "the interval of "+k.name,
				plan.Field{Key: "on", Doc: "how long the fault lasts", Required: true, Read: some(&b.On)},
				plan.Field{Key: "off", Doc: "how long it is healed before it comes again", Required: true, Read: some(&b.Off)})
		}
		f.Beats[k.name] = b
	})
}

// readTargets reads whom each fault strikes.
func (f *Plan) readTargets(n *plan.Node, p *plan.Problems) {
	f.byFault(n, p, "targets", func(k kind, v *plan.Node) {
		if k.words == nil {
			p.Add(v.Pos, "", "the fault %s has no targets", k.name)
			return
		}
		items := []*plan.Node{v}
		if v.Kind == plan.List {
			items = v.Items
		}
		for _, item := range items {
			t := Target{pos: item.Pos}
			readTarget(k.words, k.name == "partition", &t, item, p)
			f.Targets[k.name] = append(f.Targets[k.name], t)
		}
	})
}

// leastInterval is how close operations may be: without a pause the nemesis would do nothing else.
const leastInterval = 10 * time.Millisecond

// some reads a span of time that is not nothing.
func some(d *time.Duration) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		plan.Duration(d)(n, p)
		if *d < leastInterval {
			p.Add(n.Pos, leastInterval.String()+" or more", "%s is no time to wait", *d)
			*d = leastInterval
		}
	}
}

// readLease reads the time of leases.
func (f *Plan) readLease(n *plan.Node, p *plan.Problems) {
	plan.Duration(&f.Lease)(n, p)
	if f.Lease < leastLease {
		p.Add(n.Pos, "at least "+leastLease.String(), "a lease of %s ends before it can be renewed", f.Lease)
		f.Lease = leastLease
	}
}

// readTimeout reads the time of one operation.
func (f *Plan) readTimeout(n *plan.Node, p *plan.Problems) {
	plan.Duration(&f.Timeout)(n, p)
	if f.Timeout < time.Second || f.Timeout > mostTimeout {
		p.Add(n.Pos, "1s to "+mostTimeout.String(), "%s is no time in which a fault is injected", f.Timeout)
		f.Timeout = defaultTimeout
	}
}

// readExempt reads addresses.
func (f *Plan) readExempt(n *plan.Node, p *plan.Problems) {
	var list []string
	plan.Strs(&list)(n, p)
	for _, s := range list {
		if a := address(s); a.IsValid() {
			f.Exempt = append(f.Exempt, a)
		} else {
			p.Add(n.Pos, "an address like 10.0.0.1 or fd00::1", "%q is no IP address", s)
		}
	}
}

// Check adds what is wrong with the section for these nodes.
func (f Plan) Check(nodes []string, p *plan.Problems) {
	for _, name := range f.Faults {
		k, _ := kindOf(f, name)
		for _, t := range f.Targets[name] {
			if err := t.fits(k, nodes); err != nil {
				p.Add(t.pos, "", "%v", err)
			}
		}
	}
}

// has tells whether a fault is to be injected.
func (f Plan) has(name string) bool { return slices.Contains(f.Faults, name) }

// CutsNetwork tells whether faults are wanted that take a firewall on the nodes.
func (f Plan) CutsNetwork() bool { return f.has("partition") || f.has("packet") }

// beat is the rhythm of a fault.
func (f Plan) beat(name string) Beat {
	if b, ok := f.Beats[name]; ok {
		return b
	}
	return Beat{Interval: f.Interval}
}

func (f Plan) timeout() time.Duration {
	if f.Timeout > 0 {
		return f.Timeout
	}
	return defaultTimeout
}

func (f Plan) lease() time.Duration {
	if f.Lease > 0 {
		return f.Lease
	}
	return defaultLease
}
