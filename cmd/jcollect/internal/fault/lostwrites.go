package fault

import (
	"context"
	"errors"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
)

// A LostWrites says where writes that were not synced can be lost, as when the power fails: in a file system of lazyfs,
// or on a device of device-mapper. The plan's set-up makes either.
type LostWrites struct {
	LazyFS string // its FIFO for faults
	Device string // its name under /dev/mapper
	Mount  string // where the device is mounted
}

// readLostWrites reads where writes can be lost.
func (f *Plan) readLostWrites(n *plan.Node, p *plan.Problems) {
	l := &f.LostWrites
	n.Fields(p, "lost-writes",
		plan.Field{Key: "lazyfs", Doc: "the FIFO for faults of a file system of lazyfs", Read: plan.Str(&l.LazyFS)},
		plan.Field{Key: "device", Doc: "the name of a device of device-mapper under /dev/mapper, of one linear or flakey target", Read: plan.Str(&l.Device)},
		plan.Field{Key: "mount", Doc: "where the device is mounted", Read: plan.Str(&l.Mount)})
	if n.Kind == plan.Map && (l.LazyFS == "") == (l.Device == "" || l.Mount == "") {
		p.Add(n.Pos, "{lazyfs: FIFO} or {device: NAME, mount: FOLDER}", "lost-writes wants one place where writes are lost")
	}
}

// clearCacheScript tells lazyfs to forget what was not synced, in $1, its FIFO. A FIFO that nobody reads would block.
const clearCacheScript = `[ -p "$1" ] || { echo "$1 is no FIFO: is lazyfs mounted?" >&2; exit 1; }
timeout 10 sh -c 'echo lazyfs::clear-cache > "$1"' sh "$1"
`

// flakeyScript loses what is not yet on the device $1, mounted on $2: from now on its writes are dropped, so that
// unmounting, which would write everything, writes nothing. Then the device and the mount are what they were. Nobody may
// have files open there: the database is killed before.
const flakeyScript = `set -eu
dev=$1 at=$2
[ "$(dmsetup table "$dev" | wc -l)" = 1 ] || { echo "$dev isn't one target of device-mapper" >&2; exit 1; }
was=$(dmsetup table "$dev")
set -- $was
case $3 in linear|flakey) ;; *) echo "$dev is of the target $3, want linear or flakey" >&2; exit 1;; esac
fs=$(sed -n "s#^/dev/mapper/$dev $at \([^ ]*\) \([^ ]*\) .*#\1 \2#p" /proc/mounts | tail -n1)
[ -n "$fs" ] || { echo "/dev/mapper/$dev isn't mounted on $at" >&2; exit 1; }
load() { dmsetup suspend --nolockfs --noflush "$dev"; dmsetup load "$dev" --table "$1"; dmsetup resume "$dev"; }
load "$1 $2 flakey $4 $5 0 1 1 drop_writes"
ok=0; i=0
while :; do
  if umount "$at"; then ok=1; break; fi
  i=$((i+1)); [ $i -lt 50 ] || break
  sleep 0.1
done
load "$was"
[ $ok = 1 ] || { echo "$at is in use, and stays mounted" >&2; exit 1; }
mount -t "${fs%% *}" -o "${fs#* }" "/dev/mapper/$dev" "$at"
`

// script is what loses the writes of a node.
func (l LostWrites) script() script {
	if l.LazyFS != "" {
		return script{text: clearCacheScript, args: []string{l.LazyFS}}
	}
	return script{text: flakeyScript, args: []string{l.Device, l.Mount}}
}

// lostWritesKind is a power failure: the database is killed, what it wrote without a sync is lost, and it starts again.
func lostWritesKind() kind {
	return kind{
		name: "lost-writes", doc: "as a power failure: the database is killed, writes that were not synced are lost, and it starts again",
		words: nodeWords[:],
		needs: needsLostWrites,
		begin: strikeOnce("lost-writes", "lose-unfsynced-writes"),
		alone: started,
		moves: []move{{f: "lose-unfsynced-writes", do: loseWrites}},
	}
}

// needsLostWrites: what the plan and the node need for it.
func needsLostWrites(n *Nemesis, name string) []Impossible {
	f, l := n.facts[name], n.plan.LostWrites
	list := n.needsPrimaries("lost-writes")
	switch {
	case l == LostWrites{}:
		list = append(list, Impossible{Why: "the plan says of no place where writes can be lost", Mend: "nemesis: lost-writes: {lazyfs: FIFO} or {device: NAME, mount: FOLDER}, which db: setup: makes"})
	case !f.root:
		list = append(list, needsRoot())
	case l.LazyFS != "" && f.said["fuse"] == "":
		list = append(list, Impossible{Why: "it has no FUSE, on which lazyfs stands", Mend: "install fuse3; in a container: --device /dev/fuse --cap-add SYS_ADMIN"})
	case l.Device != "" && f.said["flakey"] == "":
		list = append(list, Impossible{Why: "its kernel has no dm-flakey, or dmsetup is not there", Mend: "install dmsetup and load the module dm-flakey"})
	}
	if n.o.DB == nil || !n.o.DB.CanKill() {
		list = append(list, Impossible{Why: "the plan doesn't say how to kill the database", Mend: "db: daemons: in the plan"})
	}
	return list
}

// losesWrites kills the database on a node, loses its writes, and starts it again.
func (n *Nemesis) losesWrites(ctx context.Context, on *node.Node) error {
	if err := n.o.DB.Kill(ctx, on); err != nil {
		return err
	}
	_, err := n.run(ctx, on, n.plan.LostWrites.script())
	return errors.Join(err, n.o.DB.Start(ctx, on))
}

// loseWrites is the operation.
func loseWrites(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
	lose := func(_ Database, ctx context.Context, on *node.Node, _ ...string) error { return n.losesWrites(ctx, on) }
	return onChosen("lost-writes", "lost-unfsynced-writes", lose)(ctx, n, c)
}
