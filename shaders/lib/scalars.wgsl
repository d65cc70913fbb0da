// Scalar functions of f32 that WGSL promises too little for, by what it does promise: + − · are rounded (and may become
// one multiply-add), / is within 2.5 ulp for divisors in [2⁻¹²⁶, 2¹²⁶] (WGSL, 15.7.4 "Floating point accuracy"). Nothing
// here gets worse where a product and a sum are rounded once. Where parts must be exact they are cut off by their bits,
// which no compiler folds, as some do a + 2 − 2. What NaN and infinities become is the caller's (lowering/scalars.ts), if
// not said here.

// The upper 12 bits: products of two such are exact.
fn upper(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// A power of two that brings x nearer to 1, so that neither products nor what is left over overflow or are flushed.
fn nearer(x: f32) -> f32 {
  return select(select(1.0, 1.8446744e19, abs(x) < 5.421011e-20), 5.421011e-20, abs(x) > 1.8446744e19);
}

// a / b for all f32, rounded to the nearest but for one in about 2^10, and exact where the quotient is an f32. As GPUs divide,
// 123 / 123 may be 1.0000001, beyond 2¹²⁶ divisors are flushed, and a product with 1 / b may become one operation with
// what follows, so that 1 − 3 / 3 is not 0. Of the quotient 12 bits are taken, and what they leave over is divided again.
fn divide(a: f32, b: f32) -> f32 {
  let scale_a = nearer(a);
  let scale_b = nearer(b);
  // 1 / scale_a.
  let back = select(select(1.0, 1.8446744e19, scale_a < 1.0), 5.421011e-20, scale_a > 1.0);
  let dividend = a * scale_a;
  let divisor = b * scale_b;
  let raw = dividend / divisor;
  let quotient = upper(raw);
  let divisor_upper = upper(divisor);
  let rest = (dividend - quotient * divisor_upper) - quotient * (divisor - divisor_upper);
  let corrected = quotient + rest / divisor;
  // Neither 0, nor infinite or NaN.
  let is_number = (bitcast<u32>(corrected) & 0x7fffffffu) - 1u < 0x7f7fffffu;
  return select(raw, corrected, is_number) * (scale_b * back);
}

// 2^n · y for whole n in [−152, 130], in two factors that are normal numbers.
fn scale_by(y: f32, n: i32) -> f32 {
  let half = n >> 1u;
  return y * bitcast<f32>(u32(half + 127) << 23u) * bitcast<f32>(u32(n - half + 127) << 23u);
}

// eˣ to 1 ulp: x = n · log 2 + r, and Cephes' expf polynomial of r in [−log 2 / 2, log 2 / 2].
fn exp_of(x: f32) -> f32 {
  let near = clamp(x, -105.0, 90.0);
  let n = round(near * 1.44269504);
  // The first factor has 9 bits: its product with n is exact.
  let r = (near - n * 0.693359375) + n * 2.12194440e-4;
  let p = ((((1.9875691500e-4 * r + 1.3981999507e-3) * r + 8.3334519073e-3) * r + 4.1665795894e-2) * r
    + 1.6666665459e-1) * r + 5.0000001201e-1;
  return scale_by((p * r) * r + r + 1.0, i32(n));
}

// |x| = m · 2^e with m in [√½, √2), subnormal numbers, too, whether the stack flushes them or not.
struct Parts {
  m: f32,
  e: f32,
}

fn parts_of(x: f32) -> Parts {
  let bits = bitcast<u32>(x) & 0x7fffffffu;
  let is_tiny = bits < 0x00800000u;
  // A subnormal number is its bits · 2⁻¹⁴⁹.
  let normal = select(bits, bitcast<u32>(f32(bits)), is_tiny);
  let offset = normal - 0x3f3504f3u;
  let m = bitcast<f32>((offset & 0x007fffffu) + 0x3f3504f3u);
  return Parts(m, f32((bitcast<i32>(offset) >> 23u) - select(0, 149, is_tiny)));
}

// log |x| to 1 ulp, close to 1 too: Cephes' logf polynomial of m − 1.
fn log_of(x: f32) -> f32 {
  let parts = parts_of(x);
  let r = parts.m - 1.0;
  let z = r * r;
  let p = (((((((7.0376836292e-2 * r - 1.1514610310e-1) * r + 1.1676998740e-1) * r - 1.2420140846e-1) * r
    + 1.4249322787e-1) * r - 1.6668057665e-1) * r + 2.0000714765e-1) * r - 2.4999993993e-1) * r + 3.3333331174e-1;
  return (r + ((p * r * z - 2.12194440e-4 * parts.e) - 0.5 * z)) + 0.693359375 * parts.e;
}

// |a|^b to 2 ulp, for |a| that is neither 0 nor infinite. 2^(b · log₂ |a|) would lose as many digits as the product has
// before its point: logarithm and product are sums of two numbers here, the upper of which has 12 bits.
fn pow_general(a: f32, b: f32) -> f32 {
  let parts = parts_of(a);
  // log₂ m = 2 / log 2 · artanh s with s = (m − 1) / (m + 1).
  let f = parts.m - 1.0;
  let d = f + 2.0;
  let s_upper = upper(f / d);
  let d_upper = upper(d);
  let left = (f - s_upper * d_upper) - s_upper * (f - (d_upper - 2.0));
  let s_lower = left / d;
  let z = (s_upper + s_lower) * (s_upper + s_lower);
  let series = z * (0.333333333 + z * (0.2 + z * (0.142857143 + z * 0.115)));
  // 2 / log 2 = 2.884765625 + 6.2445678e-4.
  let t_upper = 2.884765625 * s_upper;
  let t_lower = (2.884765625 * s_lower + 6.2445678e-4 * (s_upper + s_lower))
    + 2.88539008 * (s_upper + s_lower) * series;
  let sum = parts.e + t_upper;
  let log_upper = upper(sum);
  let log_lower = ((parts.e - log_upper) + t_upper) + t_lower;
  let b_upper = upper(b);
  let product = b_upper * log_upper;
  let rest = b * log_lower + (b - b_upper) * log_upper;
  let size = clamp(b * (sum + t_lower), -152.0, 130.0);
  let n = round(size);
  let r = select(0.0, (product - n) + rest, size < 130.0 && size > -152.0);
  // Cephes' exp2f.
  let p = ((((1.535336188e-4 * r + 1.339887440e-3) * r + 9.618437357e-3) * r + 5.550332471e-2) * r
    + 2.402264791e-1) * r + 6.931472028e-1;
  return scale_by(1.0 + r * p, i32(n));
}

// |a|^b. Whole powers up to 7 are products, exact where those are.
fn pow_of(a: f32, b: f32) -> f32 {
  let x = abs(a);
  let n = u32(min(abs(b), 8.0));
  let square = x * x;
  let product = (select(1.0, x, (n & 1u) != 0u) * select(1.0, square, (n & 2u) != 0u))
    * select(1.0, square * square, (n & 4u) != 0u);
  let is_whole = f32(n) == abs(b) && n < 8u;
  if (is_whole && b >= 0.0) {
    return product;
  }
  if (is_whole && product >= 1.17549435e-38) {
    return divide(1.0, product);
  }
  return pow_general(a, b);
}

// The upper 32 bits of a · b.
fn multiply_upper(a: u32, b: u32) -> u32 {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let middle = a0 * b1 + ((a0 * b0) >> 16u) + ((a1 * b0) & 0xffffu);
  return a1 * b1 + (middle >> 16u) + ((a1 * b0) >> 16u);
}

// x = turns · π/2 + r with r in [−π/4, π/4], up to multiples of 2π.
struct Angle {
  r: f32,
  turns: i32,
}

// Exact for every f32 (Payne & Hanek 1983): of 2/π only those bits are multiplied that give no whole circles.
fn far_angle(x: f32) -> Angle {
  let bits = bitcast<u32>(x);
  // |x| = mantissa · 2^(exponent − 150), and the window of 2/π begins 30 bits behind that, of which 32 are 0.
  let mantissa = (bits & 0x007fffffu) | 0x00800000u;
  let place = ((bits >> 23u) & 0xffu) - 120u;
  var digits = array<u32, 9>(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu,
    0xdebbc561u);
  let word = min(place >> 5u, 5u);
  let shift = place & 31u;
  // Twice, since a shift by 32 is one by 0.
  let w0 = (digits[word] << shift) | ((digits[word + 1u] >> 1u) >> (31u - shift));
  let w1 = (digits[word + 1u] << shift) | ((digits[word + 2u] >> 1u) >> (31u - shift));
  let w2 = (digits[word + 2u] << shift) | ((digits[word + 3u] >> 1u) >> (31u - shift));
  let low = mantissa * w1;
  let lower = low + multiply_upper(mantissa, w2);
  let carry = select(0u, 1u, lower < low);
  let higher = mantissa * w0 + multiply_upper(mantissa, w1) + carry;
  // Two bits of quarter turns, and 62 behind the point.
  let turns = (higher + 0x20000000u) >> 30u;
  let signed_word = higher - (turns << 30u);
  let is_below = (signed_word >> 31u) == 1u;
  let upper_word = select(signed_word, ~signed_word + select(0u, 1u, lower == 0u), is_below);
  let lower_word = select(lower, ~lower + 1u, is_below);
  let zeros = countLeadingZeros(upper_word);
  let together = select((upper_word << (zeros & 31u)) | ((lower_word >> 1u) >> (31u - (zeros & 31u))), lower_word,
    zeros == 32u);
  let size = f32(together) * bitcast<f32>((97u - zeros) << 23u) * 1.57079633;
  let is_negative = (bits >> 31u) == 1u;
  return Angle(select(size, -size, is_below != is_negative), select(i32(turns), -i32(turns), is_negative));
}

// sin(x + quarters · π/2) to 2 ulp or 2⁻²⁴: Cephes' sinf and cosf polynomials. WGSL promises its own sine an absolute error
// of 2⁻¹¹, and that from −π to π only.
fn sine_of(x: f32, quarters: i32) -> f32 {
  let turns = round(x * 0.636619772);
  var angle = Angle(((x - turns * 1.5703125) - turns * 4.83751297e-4) - turns * 7.54978995e-8, i32(turns));
  let size = bitcast<u32>(x) & 0x7fffffffu;
  // Up to 8192 parts of π/2 by three factors, whose products are exact or small, do.
  if (size > 0x46000000u && size < 0x7f800000u) {
    angle = far_angle(x);
  }
  let z = angle.r * angle.r;
  let sine = angle.r + angle.r * z * (-0.16666655 + z * (0.0083321609 + z * -0.00019515296));
  let cosine = 1.0 + z * (-0.5 + z * (0.0416666457 + z * (-0.00138873163 + z * 0.0000244331571)));
  let quadrant = angle.turns + quarters;
  return select(sine, cosine, (quadrant & 1) == 1) * select(1.0, -1.0, (quadrant & 2) == 2);
}
