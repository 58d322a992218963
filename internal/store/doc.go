// Package store is where runs are kept: a folder for each, store/<name>/<start>/, with links to the newest. What a run
// records is on disk while it goes on, in whole lines, so that whatever ends the run leaves a history that can be read.
//
//	store/
//	  current -> the run that goes on, or the last one    latest -> the last one that was saved
//	  <name>/latest -> the same among those of the name
//	  <name>/<yyyymmddThhmmss.SSSZ>/
//	    plan.yaml test.json jcollect.log
//	    history.edn history.jsonl history.txt
//	    results.edn results.json check/
//	    <node>/<logs>
package store
