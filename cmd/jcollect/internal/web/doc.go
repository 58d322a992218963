// Package web shows a store in a browser: which runs there are and how they ended, and their files. It reads and never
// writes. Whatever lies in a run's folder came from a database or its clients, so nothing of it is trusted: files can't
// run scripts, and no path or link leads out of the store.
package web
