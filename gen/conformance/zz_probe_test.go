package conformance
import ("math";"testing";"github.com/thrmlgen/thrmlgen/gen/interp";"github.com/thrmlgen/thrmlgen/runtime/sampling")
func TestProbe(t *testing.T){
 p := lower(t, ready(t, "g11"))
 p.Format.Fraction=0; p.Format.Bound=1
 for i := range p.Factors { for j,w := range p.Factors[i].Weights { p.Factors[i].Ints[j]=int64(w) } }
 t.Logf("%+v", p.Format)
 for _,b := range []float64{0.2,0.5,1} {
 tb := interp.NewSpinTable(b,p.Format.Fraction,p.Format.Segments,p.Format.ThresholdBits)
 for _, g := range []int64{0,2,4} {
  x:=2*b*float64(g); want:=1/(1+math.Exp(x))
  got:=tb.Probability(g<<p.Format.Fraction)
  t.Logf("b %v shift %d g %d: got %.9f err %.3g", b,tb.Shift,g,got,got-want)
 }}
 for seed:=uint64(1);seed<=3;seed++{
 s := sampler(t, p, sampling.Options{Chains: 4096, Seed: seed, Threads: 2})
 s.SetBeta(0.2); s.Sweeps(200)
 e:=make([]float64,4096); var now []float64
 for range 200 { s.Sweeps(4); now=s.Energies(1,now[:0]); for c,h:=range now {e[c]+=h/200}}
 t.Log(estimateOf(e), estimateOf(e).z(-313.71126))
 }
}
