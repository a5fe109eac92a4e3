import sys,onnx
from onnx import numpy_helper, TensorProto
import numpy as np
def pv(t):
    try: a=numpy_helper.to_array(t)
    except Exception as e: return f'<{t.dims}>'
    if a.size<=8: return f'{a.dtype}{list(a.shape)}={a.tolist()}'
    return f'{a.dtype}{list(a.shape)}'
def attr(a):
    if a.type==onnx.AttributeProto.TENSOR: return pv(a.t)
    if a.type==onnx.AttributeProto.GRAPH: return '<graph>'
    v=onnx.helper.get_attribute_value(a)
    return v.decode() if isinstance(v,bytes) else v
def pr(nodes,inits,types):
    def nm(x):
        if x in inits: return f'{x}:{inits[x]}'
        return x
    for n in nodes:
        if n.op_type=='Constant':
            inits[n.output[0]]=attr(n.attribute[0]); continue
        print('  ',','.join(o+(('<'+types[o]+'>') if o in types else '') for o in n.output),'=',(n.domain+'.' if n.domain else '')+n.op_type,'(',', '.join(nm(i) for i in n.input),')',{a.name:attr(a) for a in n.attribute} or '')
def ty(v):
    t=v.type.tensor_type
    return TensorProto.DataType.Name(t.elem_type).lower()+'['+','.join(d.dim_param or str(d.dim_value) for d in t.shape.dim)+']'
import os
for p in sys.argv[1:]:
    m=onnx.load(p if p.endswith('.onnx') else p+'/model.onnx',load_external_data=False)
    try: m=onnx.shape_inference.infer_shapes(m)
    except Exception as e: pass
    g=m.graph
    print('####',p,[(o.domain,o.version) for o in m.opset_import],len(g.node))
    types={v.name:ty(v) for v in list(g.value_info)+list(g.output)}
    for i in g.input: print('  in',i.name,ty(i))
    inits={}
    for t in g.initializer:
        inits[t.name]= f'{TensorProto.DataType.Name(t.data_type)}{list(t.dims)}' if t.data_location==1 or np.prod(t.dims)>8 else pv(t)
    for f in m.functions:
        print(' func',f.domain,f.name,list(f.input),list(f.output)); pr(f.node,{},{})
    pr(g.node,inits,types)
    for o in g.output: print('  out',o.name,ty(o))
