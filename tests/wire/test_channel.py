"""Channels between real sockets: whole messages in order, descriptors beside them, and an end that is seen."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.channel import MAX_MESSAGE, Channel, Closed

Pair = Tuple[Channel, Channel]

JSON = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


@pytest.fixture
def pair() -> Iterator[Pair]:
    a, b = Channel.pair()
    a.set_timeout(20)
    b.set_timeout(20)
    yield a, b
    a.close()
    b.close()


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@given(st.lists(st.one_of(JSON, st.binary(min_size=1, max_size=200).filter(lambda b: b[:1] != b"{")), max_size=8))
def test_messages_arrive_whole_and_in_order(messages: List[Any]) -> None:
    a, b = Channel.pair()
    b.set_timeout(20)
    try:
        for message in messages:
            if isinstance(message, dict):
                a.send(message)
            else:
                a.send_bytes(message)
        for message in messages:
            got = b.receive()
            assert got.fds == []
            assert (got.control if isinstance(message, dict) else got.data) == message
            assert isinstance(message, dict) or got.control is None
    finally:
        a.close()
        b.close()


def test_the_largest_message_is_carried_and_a_larger_one_is_refused_by_the_sender(pair: Pair) -> None:
    a, b = pair
    largest = os.urandom(MAX_MESSAGE - 1)
    a.send_bytes(b"\x01" + largest)
    assert b.receive().data == b"\x01" + largest
    # Cut off it would be a message that nobody sent.
    with pytest.raises(ValueError, match=str(MAX_MESSAGE)):
        a.send_bytes(b"\x01" + largest + b"!")


def test_descriptors_travel_beside_a_message_and_work(pair: Pair) -> None:
    a, b = pair
    ends = [os.pipe() for _ in range(4)]
    a.send({"op": "take"}, [write for _, write in ends])
    for _, write in ends:
        os.close(write)
    got = b.receive()
    assert got.control == {"op": "take"}
    assert len(got.fds) == 4
    for number, fd in enumerate(got.fds):
        assert not os.get_inheritable(fd)
        os.write(fd, bytes([number]))
        os.close(fd)
    for number, (read, _) in enumerate(ends):
        assert os.read(read, 8) == bytes([number])
        os.close(read)


def test_a_channel_made_from_a_descriptor_that_came_beside_a_message(pair: Pair) -> None:
    a, b = pair
    near, far = Channel.pair()
    a.send({"op": "inference"}, [far.fileno()])
    far.close()
    arrived = Channel.from_fd(b.receive().fds[0])
    near.send({"hello": 1})
    assert arrived.receive().control == {"hello": 1}
    arrived.close()
    with pytest.raises(Closed):
        near.receive()
    near.close()


def test_the_end_is_closed_for_receiver_and_sender(pair: Pair) -> None:
    a, b = pair
    a.send({"last": True})
    a.close()
    assert b.receive().control == {"last": True}, "what was sent before the end is not lost"
    for _ in range(2):
        with pytest.raises(Closed):
            b.receive()
    with pytest.raises(Closed):
        b.send({"op": "beat"})


def test_an_end_with_unread_messages_is_closed_too(pair: Pair) -> None:
    a, b = pair
    b.send({"unread": True})
    a.close()  # Linux resets the connection then
    with pytest.raises(Closed):
        b.receive()


@pytest.mark.parametrize("timeout", [None, 0, 20])
def test_the_last_words_of_one_who_did_not_read_everything_are_heard(pair: Pair, timeout: Optional[float]) -> None:
    a, b = pair
    a.set_timeout(timeout)
    a.send({"unread": 1})
    a.send({"unread": 2})
    for number in range(3):
        b.send({"last words": number})
    b.close()
    assert [a.receive().control for _ in range(3)] == [{"last words": number} for number in range(3)]
    with pytest.raises(Closed):
        a.receive()


def test_nothing_there_is_not_the_end(pair: Pair) -> None:
    a, b = pair
    b.set_timeout(0)
    with pytest.raises(BlockingIOError):
        b.receive()
    b.set_timeout(0.01)
    with pytest.raises(socket.timeout):
        b.receive()
    a.send({"op": "late"})
    b.set_timeout(20)
    assert b.receive().control == {"op": "late"}


def test_a_receiver_that_does_not_read_stops_a_sender_that_does_not_wait(pair: Pair) -> None:
    a, _b = pair
    a.set_timeout(0)
    with pytest.raises(BlockingIOError):
        for _ in range(100000):
            a.send_bytes(b"\x01" * 4096)


def test_several_threads_send_whole_messages(pair: Pair) -> None:
    a, b = pair

    def send(thread: int) -> None:
        for number in range(200):
            a.send({"thread": thread, "number": number, "fill": "x" * 300})

    threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    seen: Dict[int, List[int]] = {n: [] for n in range(4)}
    for _ in range(800):
        control = b.receive().control
        assert control is not None
        seen[control["thread"]].append(control["number"])
    for thread in threads:
        thread.join()
    assert all(numbers == list(range(200)) for numbers in seen.values())


def test_descriptors_do_not_leak(pair: Pair) -> None:
    a, b = pair
    with open(os.devnull) as null:
        before = open_descriptors()
        for _ in range(50):
            a.send({"op": "take"}, [null.fileno()])
            for fd in b.receive().fds:
                os.close(fd)
        assert open_descriptors() == before
        # Beside no data there is no message: the end of the other side, and nobody to own a descriptor.
        near, far = Channel.pair()
        far.close()
        with pytest.raises(Closed):
            near.receive()
        near.close()
        assert open_descriptors() == before
