"""Ed25519, verifying alone, after RFC 8032: what the signatures of fixtures/conformance/ are tried by. It is slow, and not for use."""
import hashlib
from typing import Optional, Tuple

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = Tuple[int, int, int, int]


def verifies(public: bytes, signed: bytes, signature: bytes) -> bool:
    key, r = point(public), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + signed).digest(), "little") % L
    return same(times(s, BASE), add(r, times(h, key)))


def add(a: Point, b: Point) -> Point:
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(count: int, one: Point) -> Point:
    sum: Point = (0, 1, 1, 0)
    while count > 0:
        if count & 1:
            sum = add(sum, one)
        one = add(one, one)
        count >>= 1
    return sum


def same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point(data: bytes) -> Optional[Point]:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x = None if y >= P else root((y * y - 1) * pow(D * y * y + 1, P - 2, P) % P, sign)
    return None if x is None else (x, y, 1, x * y % P)


def root(square: int, sign: int) -> Optional[int]:
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT % P
    if (x * x - square) % P != 0 or (x == 0 and sign == 1):
        return None
    return P - x if x & 1 != sign else x


_BASE_Y = 4 * pow(5, P - 2, P) % P
BASE: Point = point(_BASE_Y.to_bytes(32, "little"))  # type: ignore[assignment]
