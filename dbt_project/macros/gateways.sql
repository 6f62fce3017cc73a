{# Methods of payment whose money comes by a gateway that sends daily bills. #}
{% macro gateway_methods() -%}'wechat', 'alipay', 'unionpay'{%- endmacro %}


{# The day of a gateway's bill that an instant belongs to: the counterpart of payments.bills.GATEWAY_ZONE. #}
{% macro gateway_date(instant) -%}cast({{ instant }} at time zone 'Asia/Shanghai' as date){%- endmacro %}


{# What a line of a bill adds to what the gateway owes the shop, of any side that is known. #}
{% macro gateway_net(kind, amount, fee) -%}
    case when {{ kind }} = 'payment' then coalesce({{ amount }}, 0) else -coalesce({{ amount }}, 0) end
    - coalesce({{ fee }}, 0)
{%- endmacro %}
