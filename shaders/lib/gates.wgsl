// tanh and the logistic function over `Real`: the includer says which, f32 or vec4<f32>.
//
// Exact to a few ulp everywhere: the quotient loses relative accuracy near 0, where the series is taken, exact there
// to 2⁻²⁴. Built-in tanh is NaN beyond 50 on some stacks; exp of a negative number never overflows.

fn tanh_exact(x: Real) -> Real {
  let s = x * x;
  let series = x * (1.0 - s * (0.33333333 - s * (0.13333333 - s * 0.053968254)));
  let e = exp(-2.0 * abs(x));
  return select(sign(x) * (1.0 - e) / (1.0 + e), series, abs(x) < Real(0.15));
}

fn sigmoid(x: Real) -> Real {
  let e = exp(-abs(x));
  return select(Real(1.0), e, x < Real(0.0)) / (1.0 + e);
}
