/** Functions that emitted code calls, lane by lane where there are no vector instructions; ../emit/math.ts lists them. */
import { vcos, vsin } from "./math";

export { pow } from "./power";

export function sin(x: v128): v128 {
  return vsin(x);
}

export function cos(x: v128): v128 {
  return vcos(x);
}

/** Truncates; a / 0 is a, and the smallest number / -1 wraps to itself. */
function quotient(a: i32, b: i32): i32 {
  return b == 0 ? a : b == -1 ? -a : a / b;
}

export function divideSigned(a: v128, b: v128): v128 {
  return i32x4(
    quotient(i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)),
    quotient(i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)),
    quotient(i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)),
    quotient(i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)),
  );
}

function unsignedQuotient(a: u32, b: u32): i32 {
  return b == 0 ? a : a / b;
}

export function divideUnsigned(a: v128, b: v128): v128 {
  return i32x4(
    unsignedQuotient(i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)),
    unsignedQuotient(i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)),
    unsignedQuotient(i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)),
    unsignedQuotient(i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)),
  );
}
