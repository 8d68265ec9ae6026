// MQTT.js against the broker: what came with 5.0.

import assert from 'node:assert/strict'
import test from 'node:test'
import { connect } from './clients.mjs'

test('properties of a message', async () => {
  const alice = await connect()
  const bob = await connect()
  await bob.subscribeAsync('props', { qos: 1 })
  await alice.publishAsync('props', 'body', {
    qos: 1,
    properties: {
      contentType: 'text/plain',
      responseTopic: 'answer',
      correlationData: Buffer.from([0, 1, 2]),
      payloadFormatIndicator: true,
      messageExpiryInterval: 1000,
      userProperties: { z: ['1', '2'], a: '3' }
    }
  })
  const { properties } = await bob.next()
  assert.equal(properties.contentType, 'text/plain')
  assert.equal(properties.responseTopic, 'answer')
  assert.deepEqual(properties.correlationData, Buffer.from([0, 1, 2]))
  assert.equal(properties.payloadFormatIndicator, true)
  assert.ok(properties.messageExpiryInterval >= 995)
  assert.deepEqual({ ...properties.userProperties },
    { z: ['1', '2'], a: '3' })
})

test('topic aliases in both directions', async () => {
  const bob = await connect({ properties: { topicAliasMaximum: 5 } })
  await bob.subscribeAsync('alias/#', { qos: 1 })
  const alice = await connect({ autoAssignTopicAlias: true })
  assert.ok(alice.connack.properties.topicAliasMaximum >= 1)
  for (let round = 0; round < 3; round++) {
    for (const topic of ['alias/one', 'alias/two']) {
      await alice.publishAsync(topic, String(round), { qos: 1 })
      const message = await bob.next()
      assert.equal(message.topic, topic)
      assert.equal(message.payload, String(round))
    }
  }
})

test('subscription identifier', async () => {
  const bob = await connect()
  await bob.subscribeAsync('ident/+', {
    qos: 1, properties: { subscriptionIdentifier: 268435455 }
  })
  await bob.publishAsync('ident/x', 'm', { qos: 1 })
  const { properties } = await bob.next()
  assert.equal(properties.subscriptionIdentifier, 268435455)
})

test('no local, retain as published, retain handling', async () => {
  const alice = await connect()
  const bob = await connect()
  await alice.publishAsync('options', 'kept', { qos: 1, retain: true })
  await bob.subscribeAsync('options', { qos: 1, nl: true, rap: true, rh: 2 })
  await bob.publishAsync('options', 'mine', { qos: 1 })
  await alice.publishAsync('options', 'yours', { qos: 1, retain: true })
  const message = await bob.next()
  assert.equal(message.payload, 'yours')
  assert.equal(message.retain, true)
})

test('assigned client identifier', async () => {
  const client = await connect({ clientId: '', clean: true })
  const { assignedClientIdentifier } = client.connack.properties
  assert.ok(assignedClientIdentifier.length > 0)
})

test('a session ends when its client says so', async () => {
  const me = {
    clientId: 'js-expiry',
    clean: false,
    properties: { sessionExpiryInterval: 100 }
  }
  const first = await connect(me)
  await first.endAsync()
  const second = await connect(me)
  assert.equal(second.connack.sessionPresent, true)
  await second.endAsync(false, { properties: { sessionExpiryInterval: 0 } })
  const third = await connect(me)
  assert.equal(third.connack.sessionPresent, false)
})

test('reasons of a refused publish reach the publisher', async () => {
  const alice = await connect()
  const ack = await alice.publishAsync('nobody/listens', 'x', { qos: 1 })
  assert.equal(ack.reasonCode ?? 0x10, 0x10)
})
