// The activation of an epilogue over `Real`, whose bits are a `Word`; the includer defines both.
// Constants: ACTIVATION 0 none, 1 relu, 2 tanh, 3 sigmoid.

#if ACTIVATION >= 2
#include lib/gates
#end

fn activate(x: Real) -> Real {
#if ACTIVATION == 1
  // Whether x is below 0, by its bits: no compiler can make a maximum of it, which may lose NaN.
  return select(x, Real(0.0), bitcast<Word>(x) - Word(0x80000001u) < Word(0x7f800000u));
#end
#if ACTIVATION == 2
  return tanh_exact(x);
#end
#if ACTIVATION == 3
  return sigmoid(x);
#end
#if ACTIVATION == 0
  return x;
#end
}
