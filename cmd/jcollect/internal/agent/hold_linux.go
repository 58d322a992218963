package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/florianl/go-nfqueue/v2"
)

// heldBytes is how much of a packet is looked at: nothing but its length counts.
const heldBytes = 64

// maxHeld is how many packets the kernel keeps for us; more are lost, as they are where a line is too slow.
const maxHeld = 1 << 15

// hold holds packets back until it is told to end. What the kernel says wrongly of one packet is no reason to end: all
// others would be lost.
func (a *agent) hold(ctx context.Context, in Hold) (None, error) {
	if in.Delay < 0 || in.Jitter < 0 || in.Rate < 0 || in.Loss < 0 || in.Loss > 1 || in.Reorder < 0 || in.Reorder > 1 || in.Correlation < 0 || in.Correlation > 1 {
		return None{}, errorf(Usage, "hold: no packets can be held so: %+v", in)
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	queue, err := nfqueue.Open(&nfqueue.Config{NfQueue: HoldQueue, MaxPacketLen: heldBytes, MaxQueueLen: maxHeld,
		Copymode: nfqueue.NfQnlCopyPacket, WriteTimeout: 100 * time.Millisecond})
	if err != nil {
		return None{}, hinted(Impossible, "a kernel with nfnetlink_queue, and root", "hold: %v", err)
	}
	began := time.Now()
	h := newHolder(in)
	var mu sync.Mutex
	decide := func(p nfqueue.Attribute) int {
		if p.PacketID == nil {
			return 0
		}
		id := *p.PacketID
		mu.Lock()
		lost, wait := h.fate(time.Since(began), length(p))
		mu.Unlock()
		verdict := nfqueue.NfAccept
		if lost {
			verdict = nfqueue.NfDrop
		}
		// A verdict that doesn't arrive is a lost packet, which is what this is about.
		if wait <= 0 {
			_ = queue.SetVerdict(id, verdict)
		} else {
			time.AfterFunc(wait, func() { _ = queue.SetVerdict(id, verdict) })
		}
		return 0
	}
	if err := queue.RegisterWithErrorFunc(ctx, decide, func(error) int { return 0 }); err != nil {
		return None{}, errors.Join(fmt.Errorf("hold: %w", err), queue.Close())
	}
	<-ctx.Done()
	return None{}, queue.Close()
}

// length is how long a packet is.
func length(p nfqueue.Attribute) int {
	if p.CapLen != nil {
		return int(*p.CapLen)
	}
	if p.Payload != nil {
		return len(*p.Payload)
	}
	return 0
}
