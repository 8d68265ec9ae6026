#!/usr/bin/python3
"""The same broker on 1, 2 and 4 threads: nobody can tell how many.

A client id decides which shard its session lives on, so a crowd of ids is
spread over all of them, and whoever talks to everybody crosses the borders.
"""

import select
import threading
import unittest

import packets
from harness import (IS_MOSQUITTO, TIMEOUT_S, BrokerCase, Raw,
                     unless_mosquitto)
from packets import ack, publish

CROWD = 16


class Essentials:
    """What must hold, whatever the number of threads."""

    def crowd(self, name, count=CROWD, **fields):
        return [self.connect(f"{name}-{number}", **fields)
                for number in range(count)]

    def tearDown(self):
        self.check_healthy()

    def test_everyone_hears_everyone(self):
        for qos in (0, 1, 2):
            readers = self.crowd("reader")
            for reader in readers:
                reader.subscribe("all/+", qos=qos)
            for number, writer in enumerate(self.crowd("writer")):
                writer.publish(f"all/{number}", b"x", qos)
            for reader in readers:
                topics = {reader.receive(qos=qos).topic
                          for _ in range(CROWD)}
                self.assertEqual(len(topics), CROWD)

    def test_order_of_each_publisher(self):
        """Publishers interleave; each one's own messages stay in order."""
        readers = self.crowd("reader", 4)
        for reader in readers:
            reader.subscribe("order/#")
        writers = self.crowd("writer", 4)
        for number in range(200):
            for index, writer in enumerate(writers):
                writer.send(publish(f"order/{index}", str(number)))
        for reader in readers:
            came = [[] for _ in writers]
            for _ in range(200 * len(writers)):
                message = reader.receive()
                index = int(message.topic.rpartition("/")[2])
                came[index].append(int(message.payload))
            self.assertEqual(came, [list(range(200))] * len(writers))

    def test_published_after_suback_is_never_missed(self):
        writers = self.crowd("writer", 8)
        for number in range(100):
            reader = self.connect(f"late-{number}")
            reader.subscribe(f"late/{number}")
            writers[number % 8].publish(f"late/{number}", b"x", 1)
            reader.receive(f"late/{number}")
            reader.close()

    def test_retained_by_wildcard(self):
        for number, writer in enumerate(self.crowd("writer")):
            writer.publish(f"kept/{number}/x", str(number), 1, retain=True)
        for reader in self.crowd("reader", 4):
            reader.subscribe("kept/+/x", "nothing/here")
            came = {reader.receive(retain=True).topic for _ in range(CROWD)}
            self.assertEqual(len(came), CROWD)
        eraser = self.connect("eraser")
        for number in range(CROWD):
            eraser.publish(f"kept/{number}/x", b"", 1, retain=True)
        last = self.connect("last")
        last.subscribe("kept/#")
        eraser.publish("kept/mark", b"mark", 1)
        last.receive("kept/mark")

    def test_shared_group_gets_each_message_once(self):
        members = self.crowd("member", 8)
        for member in members:
            member.subscribe("$share/team/job/+", qos=1)
        jobs = sorted(f"job/{number}" for number in range(400))
        boss = self.connect("boss")
        for job in jobs:
            boss.publish(job, b"x", 1)
        done = share_out(members, len(jobs))
        self.assertTrue(all(done), list(map(len, done)))
        self.assertEqual(sorted(sum(done, [])), jobs)
        for member in members:
            member.expect_nothing()

    @unless_mosquitto("it keeps them for the one that left")
    def test_a_member_that_leaves_hands_its_work_on(self):
        """What one took without acknowledging goes to another."""
        worker, idler = self.connect("worker"), self.connect("idler")
        for member in (worker, idler):
            member.subscribe("$share/pair/task/+", qos=1)
        boss = self.connect("boss")
        tasks = {f"task/{number}" for number in range(10)}
        for task in sorted(tasks):
            boss.publish(task, b"x", 1)
        idler.expect("publish")
        idler.abort()
        self.assertEqual({worker.receive().topic for _ in tasks}, tasks)

    def test_take_over(self):
        for number in range(CROWD):
            first = self.connect(f"twin-{number}")
            second = self.connect(f"twin-{number}")
            if not IS_MOSQUITTO:  # which closes without a word
                first.expect("disconnect", reason=0x8E)
            first.expect_closed()
            second.subscribe("twin")
            second.publish("twin", b"x")
            second.receive("twin")

    def test_wills(self):
        heir = self.connect("heir")
        heir.subscribe("will/+", qos=1)
        for number in range(CROWD):
            will = packets.will(f"will/{number}", b"gone", qos=1)
            self.connect(f"mortal-{number}", will=will).abort()
        topics = {heir.receive(qos=1).topic for _ in range(CROWD)}
        self.assertEqual(len(topics), CROWD)

    def test_sessions_are_found_again(self):
        lasting = {"clean": False,
                   "props": [("session_expiry_interval", 100)]}
        for sleeper in self.crowd("sleeper", **lasting):
            sleeper.subscribe("sleep/#", qos=1)
            sleeper.send(packets.disconnect())
            sleeper.expect_closed()
        alice = self.connect("alice")
        for number in range(5):
            alice.publish("sleep/x", str(number), 1)
        for sleeper in self.crowd("sleeper", **lasting):
            self.assertTrue(sleeper.connack.session_present)
            came = [int(sleeper.receive().payload) for _ in range(5)]
            self.assertEqual(came, list(range(5)))

    def test_no_matching_subscribers_is_known_across_threads(self):
        for number, client in enumerate(self.crowd("asker")):
            client.send(publish(f"nobody/{number}", b"x", 1))
            client.expect("puback", reason=0x10)
            self.connect("listener").subscribe(f"nobody/{number}")
            client.send(publish(f"nobody/{number}", b"x", 1))
            client.expect("puback", reason=0)

    def test_exactly_once_ten_thousand_times(self):
        """Two publishers, cut five times under way, and a reader of QoS 2."""
        reader = self.connect("exact-reader")
        reader.subscribe("exact", qos=2)
        writers = [threading.Thread(target=write_exactly_once,
                                    args=(self.broker.port, name, 5000))
                   for name in ("exact-a", "exact-b")]
        for writer in writers:
            writer.start()
        came = [reader.receive(qos=2).payload for _ in range(10000)]
        for writer in writers:
            writer.join()
        reader.expect_nothing()
        for name in (b"exact-a", b"exact-b"):
            mine = [payload for payload in came if payload.startswith(name)]
            self.assertEqual(mine, [b"%s %d" % (name, number)
                                    for number in range(5000)])


def share_out(members, count):
    """Read `count` messages, whoever gets them; return each one's topics."""
    done = [[] for _ in members]
    while sum(map(len, done)) < count:
        sockets = [member.socket for member in members]
        assert select.select(sockets, [], [], TIMEOUT_S)[0], (
            f"only {sum(map(len, done))} of {count} came")
        for topics, member in zip(done, members):
            while member.has_input():
                topics.append(member.receive().topic)
    return done


def write_exactly_once(port, name, count):
    """Publish at QoS 2, ten at a time, and lose the connection at times."""
    client = open_session(port, name)
    for start in range(0, count, 10):
        batch = range(1, 11)
        client.send(*(publish("exact", f"{name} {start + n - 1}", 2, n)
                      for n in batch))
        if start % 1000 == 500:
            client = lose_and_resend(client, port, name, start)
        for number in batch:
            client.expect("pubrec", packet_id=number)
        client.send(*(ack(packets.PUBREL, n) for n in batch))
        for number in batch:
            client.expect("pubcomp", packet_id=number)
    client.close()


def lose_and_resend(client, port, name, start):
    """Vanish once the broker has the first ones; send all again with DUP."""
    client.expect("pubrec", packet_id=1)
    client.abort()
    client = open_session(port, name)
    client.send(*(publish("exact", f"{name} {start + n - 1}", 2, n, dup=True)
                  for n in range(1, 11)))
    return client


def open_session(port, name):
    client = Raw(port)
    client.send(packets.connect(name, clean=False, props=[
        ("session_expiry_interval", 1000)]))
    client.expect("connack", reason=0)
    return client


# A queue without limit: publishers may be faster than the reader they test.
class OneThreadTest(Essentials, BrokerCase):
    options = {"threads": 1, "max_queued_messages": 0}


@unittest.skipIf(IS_MOSQUITTO, "it has one")
class TwoThreadsTest(Essentials, BrokerCase):
    options = {"threads": 2, "max_queued_messages": 0}


@unittest.skipIf(IS_MOSQUITTO, "it has one")
class FourThreadsTest(Essentials, BrokerCase):
    options = {"threads": 4, "max_queued_messages": 0}


if __name__ == "__main__":
    unittest.main()
