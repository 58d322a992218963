package agent

// verbs are all that the agent can do.
func verbs() []verb {
	return []verb{
		bind("start", (*agent).start),
		bind("again", (*agent).again),
		bind("stop", (*agent).stop),
		bind("signal", (*agent).signal),
		bind("status", (*agent).status),
		bind("stop-others", (*agent).stopOthers),
		bind("daemons", (*agent).daemons),
		bind("matching", (*agent).matching),
		bind("runner", (*agent).runner),
		bind("await", (*agent).await),
		bind("unpack", (*agent).unpack),
		bind("list", (*agent).list),
		bind("probe", (*agent).probe),
		bind("fill", (*agent).fill),
		bind("unfill", (*agent).unfill),
		bind("hold", (*agent).hold),
		bind("corrupt", (*agent).corrupt),
		bind("forget-snapshots", (*agent).forget),
		bind("clock", (*agent).clock),
		bind("clock-save", (*agent).save),
		bind("clock-bump", (*agent).bump),
		bind("clock-strobe", (*agent).strobe),
		bind("clock-reset", (*agent).reset),
		bind("clock-set", (*agent).set),
		bind("arm", (*agent).arm),
		bind("renew", (*agent).renew),
		bind("release", (*agent).releaseLease),
		bind("heal", (*agent).heal),
		bind("heal-all", (*agent).healAll),
		bind("leases", (*agent).leases),
		bind("keeper", (*agent).keeper),
	}
}
