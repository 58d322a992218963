#!/usr/bin/env node
// A client for jcollect: registers in Redis, by independent keys. It needs nothing but Node.
//
// jcollect starts this program once for each process, writes one JSON object a line to its standard input, and reads one a
// line from its standard output. What is printed to standard error goes to the log of the run.
'use strict'

const net = require('node:net')
const readline = require('node:readline')

// Compares and sets in one step. The empty text stands for a register that was never written.
const CAS = "if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end return 0"

// The server said no: the operation certainly had no effect.
class Refused extends Error {}

// connect gives a function that sends one command and waits for its reply. No time limit: when the operation's time is up,
// jcollect ends this program.
function connect (host, port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port })
    let buffer = Buffer.alloc(0)
    let waiting = null // for a reply
    const lost = (err) => {
      reject(err)
      if (waiting) waiting.reject(err)
      waiting = null
    }
    socket.on('error', lost)
    socket.on('close', () => lost(new Error('the connection ended')))
    socket.on('data', (data) => {
      buffer = Buffer.concat([buffer, data])
      const reply = parse(buffer)
      if (reply === undefined || !waiting) return // not all of it is here yet
      buffer = Buffer.alloc(0) // one command at a time, so nothing follows its reply
      if (reply instanceof Refused) waiting.reject(reply)
      else waiting.resolve(reply)
      waiting = null
    })
    socket.on('connect', () => resolve((...words) => new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(new Error('the connection ended'))
      waiting = { resolve, reject }
      const request = words.map((w) => `$${Buffer.byteLength(String(w))}\r\n${w}\r\n`).join('')
      socket.write(`*${words.length}\r\n${request}`)
    })))
  })
}

// parse reads a reply; undefined if it isn't complete.
function parse (buffer) {
  const end = buffer.indexOf('\r\n')
  if (end < 0) return undefined
  const rest = buffer.toString('utf8', 1, end)
  switch (String.fromCharCode(buffer[0])) {
    case '-': return new Refused(rest)
    case ':': return Number(rest)
    case '$': {
      const size = Number(rest)
      if (size < 0) return null
      if (buffer.length < end + 2 + size + 2) return undefined
      return buffer.toString('utf8', end + 2, end + 2 + size)
    }
    default: return rest
  }
}

// perform does one operation. The answer is ok with a value, or fail: it had no effect.
async function perform (redis, op) {
  const key = `register-${op.key}`
  switch (op.f) {
    case 'read': {
      const got = await redis('GET', key)
      return { type: 'ok', value: got === null ? null : Number(got) }
    }
    case 'write':
      await redis('SET', key, op.value)
      return { type: 'ok' }
    case 'cas': {
      const [old, next] = op.value
      const done = await redis('EVAL', CAS, 1, key, old === null ? '' : old, next)
      return done ? { type: 'ok' } : { type: 'fail', error: 'another value' }
    }
  }
  return { type: 'fail', error: `unknown function ${op.f}` }
}

async function main () {
  let redis, host, port
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const op = JSON.parse(line)
    if (op.type === 'open') {
      host = op.address || op.node
      port = op.options.port || 6379
      continue
    }
    if (op.type === 'close') break
    let answer
    try {
      redis = redis || await connect(host, port)
    } catch (err) {
      answer = { type: 'fail', error: `no connection: ${err.message}` } // nothing was sent
    }
    try {
      answer = answer || await perform(redis, op)
    } catch (err) {
      // The request may have arrived. A read changes nothing, so that it failed is certain; of anything else nobody knows
      // whether it happened, or will.
      const certain = err instanceof Refused || op.f === 'read'
      answer = { type: certain ? 'fail' : 'info', error: err.message }
      if (!(err instanceof Refused)) redis = undefined
    }
    console.log(JSON.stringify({ id: op.id, ...answer }))
  }
  process.exit(0)
}

main()
