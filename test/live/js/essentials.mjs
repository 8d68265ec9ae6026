// MQTT.js against the broker: what 3.1.1 and 5.0 have in common.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { connect, VERSION } from './clients.mjs'

// It closes a connection that is taken over without a word.
const IS_MOSQUITTO = process.env.MOGI_LIVE_BROKER === 'mosquitto'

const LASTING = VERSION === 5
  ? { properties: { sessionExpiryInterval: 100 } }
  : {}

test('each QoS both ways', async () => {
  const alice = await connect()
  const bob = await connect()
  for (const qos of [0, 1, 2]) {
    const [granted] = await bob.subscribeAsync(`qos/${qos}`, { qos })
    assert.equal(granted.qos, qos)
    await alice.publishAsync(`qos/${qos}`, 'hello', { qos })
    const message = await bob.next()
    assert.equal(message.topic, `qos/${qos}`)
    assert.equal(message.payload, 'hello')
    assert.equal(message.qos, qos)
    assert.equal(message.retain, false)
  }
})

test('order of many', async () => {
  const alice = await connect()
  const bob = await connect()
  await bob.subscribeAsync('order', { qos: 2 })
  const numbers = Array.from({ length: 300 }, (_, index) => String(index))
  const sent = numbers.map(n => alice.publishAsync('order', n, { qos: 1 }))
  for (const number of numbers) {
    assert.equal((await bob.next()).payload, number)
  }
  await Promise.all(sent)
})

test('retained, replaced and cleared', async () => {
  const alice = await connect()
  await alice.publishAsync('keep', 'old', { qos: 1, retain: true })
  await alice.publishAsync('keep', 'new', { qos: 1, retain: true })
  const bob = await connect()
  await bob.subscribeAsync('keep')
  const message = await bob.next()
  assert.equal(message.payload, 'new')
  assert.equal(message.retain, true)
  await alice.publishAsync('keep', '', { qos: 1, retain: true })
  const carol = await connect()
  await carol.subscribeAsync('keep')
  await alice.publishAsync('keep', 'live', { qos: 1 })
  assert.equal((await carol.next()).payload, 'live')
})

test('will of a client that vanishes', async () => {
  const heir = await connect()
  await heir.subscribeAsync('will', { qos: 1 })
  const dying = await connect({
    will: { topic: 'will', payload: Buffer.from('gone'), qos: 1 }
  })
  dying.stream.destroy()
  const message = await heir.next()
  assert.equal(message.payload, 'gone')
  assert.equal(message.qos, 1)
})

test('a session waits for its client', async () => {
  const me = { clientId: `sleeper-${VERSION}`, clean: false, ...LASTING }
  const first = await connect(me)
  assert.equal(first.connack.sessionPresent, false)
  await first.subscribeAsync('sleep', { qos: 2 })
  await first.endAsync()
  const alice = await connect()
  await alice.publishAsync('sleep', 'one', { qos: 1 })
  await alice.publishAsync('sleep', 'two', { qos: 2 })
  const again = await connect(me)
  assert.equal(again.connack.sessionPresent, true)
  assert.equal((await again.next()).payload, 'one')
  assert.equal((await again.next()).payload, 'two')
})

test('unsubscribe', async () => {
  const alice = await connect()
  const bob = await connect()
  await bob.subscribeAsync(['leave/+', 'stay'])
  await bob.unsubscribeAsync('leave/+')
  await alice.publishAsync('leave/x', 'lost', { qos: 1 })
  await alice.publishAsync('stay', 'kept', { qos: 1 })
  assert.equal((await bob.next()).payload, 'kept')
})

test('shared subscription: each message to one member', async () => {
  const topics = Array.from({ length: 20 }, (_, index) => `job/${index}`)
  const came = []
  const members = [await connect(), await connect()]
  let finish
  const finished = new Promise(resolve => { finish = resolve })
  for (const member of members) {
    member.on('message', topic => {
      came.push(topic)
      if (came.length === topics.length) finish()
    })
    await member.subscribeAsync('$share/team/job/+', { qos: 1 })
  }
  const alice = await connect()
  for (const topic of topics) {
    await alice.publishAsync(topic, 'x', { qos: 1 })
  }
  await finished
  assert.deepEqual(came.sort(), topics.sort())
})

test('a large payload', async () => {
  const payload = 'x'.repeat(1_000_000)
  const alice = await connect()
  const bob = await connect()
  await bob.subscribeAsync('large', { qos: 1 })
  await alice.publishAsync('large', payload, { qos: 1 })
  assert.equal((await bob.next()).payload === payload, true)
})

test('take-over', async () => {
  const me = { clientId: `twin-${VERSION}` }
  const first = await connect(me)
  const closed = once(first, 'close')
  const farewell = VERSION === 5 && !IS_MOSQUITTO
    ? once(first, 'disconnect')
    : null
  await connect(me)
  await closed
  if (farewell) assert.equal((await farewell)[0].reasonCode, 0x8e)
})
