// Records a history of list-append transactions on a toy database with a bug, for `jcheck elle`.
//
//     node examples/toy.js > toy.jsonl

const db = {} // key → list

// record writes one entry: what a client asked for ("invoke"), or what it was told ("ok", "fail", "info").
function record(type, process, ...txn) {
  console.log(JSON.stringify({ type, process, f: 'txn', value: txn }))
}

// add reads a list and appends to it, in one transaction. The bug: others may come between.
async function add(process, key, element) {
  record('invoke', process, ['r', key, null], ['append', key, element]) // each element only once
  const read = db[key] ?? null
  await new Promise(done => setTimeout(done, 1)) // on the way to the database and back
  db[key] = [...(read ?? []), element]
  record('ok', process, ['r', key, read], ['append', key, element])
}

async function client(process) {
  for (let i = 0; i < 20; i++) await add(process, 'xyz'[i % 3], 100 * process + i)
}

for (let p = 0; p < 3; p++) client(p)
