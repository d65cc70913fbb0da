// The activation of an epilogue over `Real`, which the includer defines.
// Constants: ACTIVATION 0 none, 1 relu, 2 tanh, 3 sigmoid.

#if ACTIVATION >= 2
#include lib/gates
#end

fn activate(x: Real) -> Real {
#if ACTIVATION == 1
  return select(x, Real(0.0), x < Real(0.0));
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
