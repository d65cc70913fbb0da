// tanh and the logistic function over `Real`, f32 or vec4<f32>, whose bits are a `Word`: the includer says which. NaN
// stays, found by its bits: some stacks' exp(NaN) is infinite, and a compiler may assume that no NaN exists.
//
// Exact to a few ulp where results are not tiny (WGSL's exp is within 3 + 2|x| ulp): the quotient loses relative accuracy
// near 0, where the series is taken, exact there to 2⁻²⁴. Built-in tanh is NaN beyond 50 on some stacks; exp of a negative
// number never overflows.

fn tanh_exact(x: Real) -> Real {
  let s = x * x;
  let series = x * (1.0 - s * (0.33333333 - s * (0.13333333 - s * 0.053968254)));
  let e = exp(-2.0 * abs(x));
  let far = sign(x) * (1.0 - e) / (1.0 + e);
  // Whether |x| is below 0.15, or NaN: its bits, less those of 0.15, are below 0 or above those of infinity.
  let bits = bitcast<Word>(x) & Word(0x7fffffffu);
  return select(far, series, bits - Word(0x3e19999au) > Word(0x7f800000u - 0x3e19999au));
}

fn sigmoid(x: Real) -> Real {
  let e = exp(-abs(x));
  let y = select(Real(1.0), e, x < Real(0.0)) / (1.0 + e);
  return select(y, x, (bitcast<Word>(x) & Word(0x7fffffffu)) > Word(0x7f800000u));
}
