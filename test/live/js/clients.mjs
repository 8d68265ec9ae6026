// What the scripts beside share: clients that a test can await.
//
// PORT is the broker's, VERSION is 4 (3.1.1) or 5 (5.0).

import mqtt from 'mqtt'
import { after } from 'node:test'

export const PORT = Number(process.env.PORT)
export const VERSION = Number(process.env.VERSION)

let count = 0

// A connected client; `client.connack` is the answer it got.
// `client.next()` resolves to its next message. Messages are listened for
// before CONNACK comes: a resumed session may send some at once.
export function connect (options = {}) {
  return new Promise((resolve, reject) => {
    const client = mqtt.connect(`mqtt://127.0.0.1:${PORT}`, {
      protocolVersion: VERSION,
      clientId: `js-${VERSION}-${count++}`,
      reconnectPeriod: 0,
      ...options
    })
    collectMessages(client)
    client.once('error', reject)
    client.once('connect', connack => {
      client.connack = connack
      resolve(client)
    })
    after(() => client.endAsync(true))
  })
}

function collectMessages (client) {
  const came = []
  const waiting = []
  client.on('message', (topic, payload, packet) => {
    const { qos, retain, dup, properties } = packet
    const message = {
      topic, payload: payload.toString(), qos, retain, dup, properties
    }
    const reader = waiting.shift()
    if (reader) reader(message)
    else came.push(message)
  })
  client.next = () => came.length > 0
    ? Promise.resolve(came.shift())
    : new Promise(resolve => waiting.push(resolve))
}
