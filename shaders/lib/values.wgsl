// What a binding is an array of: Value0, elements, or Value1, vectors of four that lie side by side.

alias Value0 = f32;
alias Value1 = vec4<f32>;
