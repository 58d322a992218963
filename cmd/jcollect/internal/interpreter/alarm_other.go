//go:build !linux

package interpreter

// newAlarm is the best alarm that this system has.
func newAlarm() alarm { return newPlainAlarm() }
