// Records a history of list-append transactions on a toy database with a bug: node toy.js | jcheck elle -
let db = [] // the database: a list

function record(type, process, element, read) { // what a client asked for ('invoke'), or was told ('ok', 'fail', 'info')
  const value = [['r', 'x', read], ['append', 'x', element]]
  console.log(JSON.stringify({ type, process, f: 'txn', value }))
}

async function client(process) {
  for (let element = 100 * process; element < 100 * process + 20; element++) { // each element only once
    record('invoke', process, element, null)
    const read = db
    await new Promise(done => setTimeout(done, 1)) // the bug: others may come between
    db = [...read, element]
    record('ok', process, element, read)
  }
}

for (let process = 0; process < 3; process++) client(process)
