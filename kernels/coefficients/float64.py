"""Prints the coefficients of the float64 kernels: near-minimax (Chebyshev) fits with coefficients rounded to float64, and
the logarithm of the largest error relative to the result. Needs mpmath; nothing else of the project does at build time."""
import mpmath as mp
mp.mp.dps=60
def q(r):
    r=mp.mpf(r)
    if abs(r)<mp.mpf(10)**-6: return sum(r**k/mp.factorial(k+2) for k in range(12))
    return (mp.exp(r)-1-r)/r**2
def p(u):
    u=mp.mpf(u)
    if u<mp.mpf(10)**-6: return sum(u**k/(2*k+3) for k in range(14))
    s=mp.sqrt(u); return (mp.atanh(s)/s-1)/u
for f,a,b,n,name,w in ((q,-mp.log(2)/2,mp.log(2)/2,10,'E',lambda r:r*r),(p,mp.mpf(0),mp.mpf(1)/9,9,'A',lambda u:u)):
    c=mp.chebyfit(f,[a,b],n+1)[::-1]
    c=[mp.mpf(float(x)) for x in c]
    err=max(abs(w(x)*(mp.polyval(c[::-1],x)-f(x))) for x in mp.linspace(a,b,2001))
    print(name,mp.nstr(mp.log(err,2),6))
    for i,x in enumerate(c): print(f'  {name}{i} = {float(x).hex()}')
l=mp.log(2)
h=mp.floor(l*2**42)/2**42
print(float(h).hex(), float(l-h).hex(), mp.nstr(mp.log(abs(l-h-mp.mpf(float(l-h))),2),5), float(1/l).hex(), float(l).hex(), float(l-mp.mpf(float(l))).hex())
