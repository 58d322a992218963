// Package kafka checks a log of messages by keys, as Kafka keeps: producers send values and may be told an offset, consumers
// assign themselves or subscribe to keys and poll messages, each with its offset. Values of a key are sent once.
//
// # What is inferred
//
// The log of a key is what is known of its offsets (log.go): the values that polls showed there, and those whose senders
// were told so. Offsets without a message are left out: a place in the log is an index, dense from 0. Everything else
// follows from the log:
//
//   - one offset with several values, one value at several offsets (log.go);
//   - a consumer's polls that skip or repeat messages, from poll to poll or inside one, and a producer's sends
//     that do (steps.go);
//   - messages that were acknowledged and passed by, or never polled; messages of transactions that failed, or
//     that hadn't committed; messages that nobody sent (messages.go);
//   - cycles: who polled a message came after its sender (wr), and if the options say so, senders come in the order of
//     the log (ww). There are no rw edges, as a poll may well stop before the end of the log (graph.go).
//
// What of that is an error depends on how consumers get their keys: see Check.
package kafka
