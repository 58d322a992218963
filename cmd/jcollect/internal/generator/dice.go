package generator

import (
	"math"
	"math/bits"
)

// Dice draws numbers. It is seeded by a Context, so that whoever asks the same question gets the same answer.
type Dice struct{ state uint64 }

// Uint64 is any number.
func (d *Dice) Uint64() uint64 {
	d.state++
	return scramble(d.state)
}

// IntN is a whole number from 0 to below n, each as likely as another; 0 if n is not positive.
func (d *Dice) IntN(n int) int {
	if n <= 1 {
		return 0
	}
	hi, _ := bits.Mul64(d.Uint64(), uint64(n)) // Lemire 2019, without the rejection: off by at most n in 2^64
	return int(hi)
}

// Int64N is IntN for numbers of 64 bits.
func (d *Dice) Int64N(n int64) int64 { return int64(d.IntN(int(n))) }

// Float64 is a number from 0 to below 1.
func (d *Dice) Float64() float64 { return float64(d.Uint64()>>11) / (1 << 53) }

// Geometric is how often a coin falls on the wrong side before the right one, which has the chance p: 0 with p, 1 with
// p(1-p), and so on. p is above 0 and at most 1.
func (d *Dice) Geometric(p float64) int {
	if p >= 1 || p <= 0 {
		return 0
	}
	return int(min(math.Floor(math.Log1p(-d.Float64())/math.Log1p(-p)), 1<<31))
}

// Shuffle puts n things in a random order (Fisher and Yates).
func (d *Dice) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, d.IntN(i+1))
	}
}

// scramble turns neighbouring numbers into unrelated ones (the finalizer of SplitMix64; Steele et al. 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
