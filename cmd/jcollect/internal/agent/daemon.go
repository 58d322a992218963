package agent

// A Daemon is a program to keep running on a node, in the foreground of a runner of its own: the runner notes how it
// ended, and knows all that it started, also what has left its process group or changed its name.
type Daemon struct {
	Name string   `json:"name"`
	Args []string `json:"args,omitempty"` // program and arguments
	Run  string   `json:"run,omitempty"`  // instead: a line for sh
	Dir  string   `json:"dir,omitempty"`  // where it runs; "" is /
	User string   `json:"user,omitempty"` // who runs it; "" is the agent's user
	Env  []string `json:"env,omitempty"`  // NAME=value, added to a PATH and who the user is
	Log  string   `json:"log,omitempty"`  // its outputs are appended there; "" is LogPath(state, Name)
	// Restart starts it again so many milliseconds after it has ended by itself; 0 is never. One that a request killed stays
	// dead until a request starts it.
	Restart int64 `json:"restart_ms,omitempty"`
}

// LogPath is where a daemon writes that doesn't say, and where the runner notes how it started and ended.
func LogPath(state, name string) string { return state + "/log/" + SafeName(name) + ".log" }

// Words of Started.State and Running.State.
const (
	StateStarted = "started"
	StateAlready = "already-running"
	StateRunning = "running"
	StateEnded   = "ended"   // it has ended by itself, or something else killed it
	StateNone    = "none"    // it wasn't started, or was stopped
	StateStopped = "stopped" // it was running, and is no more
)

// Started is the answer to start.
type Started struct {
	State string `json:"state"` // StateStarted or StateAlready
	PID   int    `json:"pid"`
	Log   string `json:"log"`
}

// A Named request is about one daemon or lease.
type Named struct {
	Name string `json:"name"`
}

// Stop is the request to end a daemon: TERM to all of its processes, and KILL for those that are left after Grace.
type Stop struct {
	Name  string `json:"name"`
	Grace int64  `json:"grace_ms"` // 0 kills at once
}

// Others is the request to kill all daemons but those named: what an earlier test left when it was killed itself.
type Others struct {
	Keep []string `json:"keep"`
}

// A Signal is the request to send a signal to all processes of a daemon. KILL waits for their end, STOP until they all
// stand still.
type Signal struct {
	Name   string `json:"name"`
	Signal string `json:"signal"` // KILL, TERM, STOP, CONT, HUP, INT, QUIT, USR1, USR2
}

// Signalled is the answer to Signal, Stop and Matching.
type Signalled struct {
	State string `json:"state"`          // StateNone or StateEnded if there was nobody to tell, or StateRunning, StateStopped
	PIDs  []int  `json:"pids,omitempty"` // who was told
}

// Running is how a daemon does.
type Running struct {
	State  string `json:"state"` // StateRunning, StateEnded, StateNone
	PID    int    `json:"pid,omitempty"`
	PIDs   []int  `json:"pids,omitempty"`
	Paused bool   `json:"paused,omitempty"` // all of its processes are stopped
	Exit   string `json:"exit,omitempty"`   // of StateEnded, how: "exit status 1", "signal: killed"; "" if nobody saw it
	Log    string `json:"log,omitempty"`
}

// Matching is the request to signal every process whose command line has a match of Pattern, a regular expression: for
// databases that a system's own scripts started. The agent and its ancestors are left out.
type Matching struct {
	Pattern string `json:"pattern"`
	Signal  string `json:"signal"`
}
